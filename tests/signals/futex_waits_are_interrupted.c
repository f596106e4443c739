// Handlers run in threads that wait for a condition, a lock and another thread; a raw futex wait ends or restarts.
#include "signals.h"
#include <linux/futex.h>
#include <pthread.h>
#include <sys/syscall.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER, other = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int done;

static void *waits(void *unused) {
    (void)unused;
    CHECK(pthread_mutex_lock(&lock) == 0);
    while (!done)
        CHECK(pthread_cond_wait(&changed, &lock) == 0);
    CHECK(pthread_mutex_unlock(&lock) == 0);
    return NULL;
}

static void *locks(void *unused) {
    (void)unused;
    CHECK(pthread_mutex_lock(&other) == 0);
    CHECK(pthread_mutex_unlock(&other) == 0);
    return NULL;
}

static void *joins(void *threads) {
    CHECK(pthread_join(((pthread_t *)threads)[0], NULL) == 0);
    CHECK(pthread_join(((pthread_t *)threads)[1], NULL) == 0);
    return NULL;
}

static long futex(int *word, int operation, int value, const struct timespec *time) {
    return syscall(SYS_futex, word, operation, value, time, NULL, FUTEX_BITSET_MATCH_ANY);
}

int main(void) {
    pthread_t threads[2], joiner;
    on(SIGUSR1, count, 0);
    CHECK(pthread_mutex_lock(&other) == 0);
    CHECK(pthread_create(&threads[0], NULL, waits, NULL) == 0);
    CHECK(pthread_create(&threads[1], NULL, locks, NULL) == 0);
    CHECK(pthread_create(&joiner, NULL, joins, threads) == 0);
    sleep_ms(10);
    for (int i = 1; i <= 30; i++) {
        CHECK(pthread_kill(i % 3 == 0 ? joiner : threads[i % 3 - 1], SIGUSR1) == 0);
        while (counted < i)
            sched_yield();
    }
    CHECK(pthread_mutex_lock(&lock) == 0);
    done = 1;
    CHECK(pthread_cond_broadcast(&changed) == 0 && pthread_mutex_unlock(&lock) == 0);
    CHECK(pthread_mutex_unlock(&other) == 0 && pthread_join(joiner, NULL) == 0);
    int word = 0;
    on(SIGALRM, count, 0);
    alarm_us(3000, 3000);
    CHECK_FAILS(futex(&word, FUTEX_WAIT, 0, NULL), EINTR);
    struct timespec long_time = {20, 0}, short_time = {0, 30000000};
    CHECK_FAILS(futex(&word, FUTEX_WAIT, 0, &long_time), EINTR);
    on(SIGALRM, count, SA_RESTART);
    CHECK_FAILS(futex(&word, FUTEX_WAIT, 0, &long_time), EINTR);
    alarm_us(0, 0);
    CHECK_FAILS(futex(&word, FUTEX_WAIT, 0, &short_time), ETIMEDOUT);
    CHECK_FAILS(futex(&word, FUTEX_WAIT, 1, NULL), EAGAIN);
    puts("ok");
}
