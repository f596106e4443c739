// Signals to the process are handled by any thread that does not block them; waits go on.
#include "seen.h"
#include <signal.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static int ready, handled, stop, ends[2];
static __thread int self = 9;

static void handle(int signal_number) {
    CHECK(signal_number == SIGUSR1);
    note('a' + self);
    __atomic_add_fetch(&handled, 1, __ATOMIC_SEQ_CST);
}

static void *work(void *argument) {
    char byte;
    self = number(argument);
    __atomic_add_fetch(&ready, 1, __ATOMIC_SEQ_CST);
    if (self == 0) {
        CHECK(pthread_mutex_lock(&mutex) == 0);
        while (!stop)
            CHECK(pthread_cond_wait(&condition, &mutex) == 0);
        CHECK(pthread_mutex_unlock(&mutex) == 0);
    } else if (self == 1) {
        long count;
        while ((count = read(ends[0], &byte, 1)) == -1)
            CHECK(errno == EINTR);
        CHECK(count == 1);
    } else
        while (!__atomic_load_n(&stop, __ATOMIC_SEQ_CST))
            usleep(1000);
    return NULL;
}

int main(void) {
    pthread_t threads[3];
    sigset_t signals;
    CHECK(sigemptyset(&signals) == 0 && sigaddset(&signals, SIGUSR1) == 0);
    struct sigaction action = {.sa_handler = handle};
    CHECK(pipe(ends) == 0 && sigaction(SIGUSR1, &action, NULL) == 0);
    for (intptr_t i = 0; i < 3; i++)
        CHECK(pthread_create(&threads[i], NULL, work, (void *)i) == 0);
    while (__atomic_load_n(&ready, __ATOMIC_SEQ_CST) < 3)
        usleep(100);
    CHECK(pthread_sigmask(SIG_BLOCK, &signals, NULL) == 0);
    for (int i = 1; i <= 20; i++) {
        CHECK(kill(getpid(), SIGUSR1) == 0);
        while (__atomic_load_n(&handled, __ATOMIC_SEQ_CST) < i)
            usleep(200);
    }
    CHECK(pthread_mutex_lock(&mutex) == 0);
    __atomic_store_n(&stop, 1, __ATOMIC_SEQ_CST);
    CHECK(pthread_cond_signal(&condition) == 0);
    CHECK(pthread_mutex_unlock(&mutex) == 0);
    CHECK(write(ends[1], "x", 1) == 1);
    for (int i = 0; i < 3; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
    CHECK(seen_count == 20); // 'j': a thread that has not said yet who it is
    show_seen();
}
