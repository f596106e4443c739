// FUTEX_CLOCK_REALTIME is refused where the clock is fixed, in a program with threads as well.
#include "check.h"
#include <linux/futex.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <time.h>

static pthread_mutex_t held = PTHREAD_MUTEX_INITIALIZER;

static void *wait_there(void *unused) {
    pthread_mutex_lock(&held);
    return unused;
}

static long futex(uint32_t *word, int operation, const struct timespec *until) {
    return syscall(SYS_futex, word, operation | FUTEX_CLOCK_REALTIME, 0, until, NULL, 0);
}

int main(void) {
    uint32_t word = 1;
    struct timespec past = {1, 0};
    pthread_t thread;
    pthread_mutex_lock(&held);
    CHECK(pthread_create(&thread, NULL, wait_there, NULL) == 0);
    for (int private = 0; private <= FUTEX_PRIVATE_FLAG; private += FUTEX_PRIVATE_FLAG) {
        CHECK_FAILS(futex(&word, FUTEX_LOCK_PI | private, NULL), ENOSYS);
        CHECK_FAILS(futex(&word, FUTEX_LOCK_PI | private, &past), ENOSYS);
        CHECK_FAILS(futex(&word, FUTEX_WAKE | private, NULL), ENOSYS);
        CHECK_FAILS(futex(&word, FUTEX_WAIT | private, NULL), ENOSYS);
        CHECK_FAILS(futex(&word, FUTEX_TRYLOCK_PI | private, NULL), ENOSYS);
    }
    CHECK(word == 1);
    pthread_mutex_unlock(&held);
    CHECK(pthread_join(thread, NULL) == 0);
    puts("ok");
}
