// The raw futex call: unequal values, time limits, waking a thread.
#include "check.h"
#include <linux/futex.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <time.h>

static uint32_t word;

static long futex(int operation, uint32_t value, const struct timespec *limit) {
    return syscall(SYS_futex, &word, operation, value, limit, NULL, 0);
}

static void *work(void *argument) {
    while (__atomic_load_n(&word, __ATOMIC_SEQ_CST) == 7)
        CHECK(futex(FUTEX_WAIT_PRIVATE, 7, NULL) == 0 || errno == EAGAIN || errno == EINTR);
    return argument;
}

int main(void) {
    struct timespec limit = {0, 10000000};
    CHECK_FAILS(futex(FUTEX_WAIT_PRIVATE, 1, NULL), EAGAIN);
    CHECK_FAILS(futex(FUTEX_WAIT_PRIVATE, 0, &limit), ETIMEDOUT);
    CHECK(futex(FUTEX_WAKE_PRIVATE, 10, NULL) == 0);
    CHECK_FAILS(futex(9999, 0, NULL), ENOSYS);
    word = 7;
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, work, NULL) == 0);
    usleep(10000);
    __atomic_store_n(&word, 8, __ATOMIC_SEQ_CST);
    CHECK(futex(FUTEX_WAKE_PRIVATE, 1, NULL) >= 0);
    CHECK(pthread_join(thread, NULL) == 0);
    puts("ok");
}
