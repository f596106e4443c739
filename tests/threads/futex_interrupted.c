// A signal interrupts a wait for a futex; with SA_RESTART a wait without a timeout goes on.
#include "futex.h"
#include <signal.h>

static unsigned word, ready, handled;

static void handle(int signal_number) {
    CHECK(signal_number == SIGUSR1 || signal_number == SIGUSR2);
    __atomic_add_fetch(&handled, 1, __ATOMIC_SEQ_CST);
}

static void *work(void *argument) {
    __atomic_store_n(&ready, 1, __ATOMIC_SEQ_CST);
    for (;;) {
        long result = wait_while(&word, 0);
        if (result == 0)
            break;
        if (errno == EAGAIN)
            break;
        CHECK(errno == EINTR);
        note('i');
    }
    note('w');
    return argument;
}

static void send(pthread_t thread, int signal_number) {
    unsigned before = handled;
    CHECK(pthread_kill(thread, signal_number) == 0);
    wait_until(&handled, before + 1);
}

int main(void) {
    pthread_t thread;
    struct sigaction action = {.sa_handler = handle};
    CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
    action.sa_flags = SA_RESTART;
    CHECK(sigaction(SIGUSR2, &action, NULL) == 0);
    CHECK(pthread_create(&thread, NULL, work, NULL) == 0);
    wait_until(&ready, 1);
    for (int i = 0; i < 10; i++)
        send(thread, i % 2 ? SIGUSR2 : SIGUSR1);
    __atomic_store_n(&word, 1, __ATOMIC_SEQ_CST);
    wake(&word, 1);
    CHECK(pthread_join(thread, NULL) == 0);
    CHECK(noted('i') <= 5 && noted('w') == 1);
    show_seen();
}
