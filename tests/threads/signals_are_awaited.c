// One thread takes all signals with sigwait, as daemons do; the others block them.
#include "seen.h"
#include <signal.h>

static sigset_t signals;
static int counted[2];

static void *serve(void *argument) {
    for (;;) {
        int signal_number;
        CHECK(sigwait(&signals, &signal_number) == 0);
        note(signal_number == SIGUSR1 ? 'a' : signal_number == SIGUSR2 ? 'b' : 'z');
        if (signal_number == SIGTERM)
            return argument;
        __atomic_add_fetch(&counted[signal_number == SIGUSR2], 1, __ATOMIC_SEQ_CST);
    }
}

static void *send(void *argument) {
    int second = number(argument);
    for (int i = 1; i <= 15; i++) {
        CHECK(kill(getpid(), second ? SIGUSR2 : SIGUSR1) == 0);
        while (__atomic_load_n(&counted[second], __ATOMIC_SEQ_CST) < i)
            usleep(100);
    }
    return NULL;
}

int main(void) {
    pthread_t server;
    CHECK(sigemptyset(&signals) == 0 && sigaddset(&signals, SIGUSR1) == 0);
    CHECK(sigaddset(&signals, SIGUSR2) == 0 && sigaddset(&signals, SIGTERM) == 0);
    CHECK(pthread_sigmask(SIG_BLOCK, &signals, NULL) == 0);
    CHECK(pthread_create(&server, NULL, serve, NULL) == 0);
    run_threads(2, send);
    CHECK(kill(getpid(), SIGTERM) == 0);
    CHECK(pthread_join(server, NULL) == 0);
    CHECK(noted('a') == 15 && noted('b') == 15);
    show_seen();
}
