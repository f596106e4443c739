// setuid and its relatives change the identity of all threads (the C library signals each of them).
#include "seen.h"
#include <sys/syscall.h>

static pthread_barrier_t barrier;
static int changed;

static void *work(void *argument) {
    pthread_barrier_wait(&barrier);
    while (!__atomic_load_n(&changed, __ATOMIC_SEQ_CST)) {
        note('a' + number(argument));
        usleep(500);
    }
    CHECK(syscall(SYS_geteuid) == syscall(SYS_getuid));
    note('A' + number(argument));
    return NULL;
}

int main(void) {
    pthread_t threads[4];
    CHECK(pthread_barrier_init(&barrier, NULL, 5) == 0);
    for (intptr_t i = 0; i < 4; i++)
        CHECK(pthread_create(&threads[i], NULL, work, (void *)i) == 0);
    pthread_barrier_wait(&barrier);
    CHECK(setgid(getgid()) == 0 && setuid(getuid()) == 0);
    CHECK(setresuid(getuid(), getuid(), getuid()) == 0);
    __atomic_store_n(&changed, 1, __ATOMIC_SEQ_CST);
    for (int i = 0; i < 4; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
    show_seen();
}
