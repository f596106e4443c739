// A child takes two hundred queued signals, each with its value, in the order sent.
#include "signals.h"

int main(void) {
    block(SIGRTMIN);
    pid_t child = fork();
    if (child == 0) {
        sigset_t set = only(SIGRTMIN);
        siginfo_t info;
        for (int i = 0; i < 200; i++) {
            CHECK(sigwaitinfo(&set, &info) == SIGRTMIN && info.si_value.sival_int == i * 3);
            CHECK(info.si_pid == getppid() && info.si_code == SI_QUEUE);
        }
        _exit(9);
    }
    for (int i = 0; i < 200; i++)
        CHECK(sigqueue(child, SIGRTMIN, (union sigval){.sival_int = i * 3}) == 0);
    printf("%d\n", exit_code(child));
}
