// sigqueue sends a value with a signal, a number or a pointer.
#include "check.h"

static volatile sig_atomic_t seen;
static int target;

static void handle(int number, siginfo_t *info, void *context) {
    (void)number, (void)context;
    CHECK(info->si_code == SI_QUEUE && info->si_pid == getpid());
    if (seen == 0)
        CHECK(info->si_value.sival_int == 4711);
    else
        CHECK(info->si_value.sival_ptr == &target);
    seen++;
}

int main(void) {
    struct sigaction action = {.sa_sigaction = handle, .sa_flags = SA_SIGINFO};
    CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
    CHECK(sigqueue(getpid(), SIGUSR1, (union sigval){.sival_int = 4711}) == 0 && seen == 1);
    CHECK(sigqueue(getpid(), SIGUSR1, (union sigval){.sival_ptr = &target}) == 0 && seen == 2);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGRTMIN);
    CHECK(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
    pid_t child = fork();
    if (child == 0)
        _exit(sigqueue(getppid(), SIGRTMIN, (union sigval){.sival_int = 99}) != 0);
    siginfo_t info;
    CHECK(sigwaitinfo(&set, &info) == SIGRTMIN && info.si_pid == child);
    CHECK(exit_code(child) == 0);
    printf("%d\n", info.si_value.sival_int);
}
