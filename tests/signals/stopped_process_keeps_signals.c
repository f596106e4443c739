// What is sent to a stopped process waits until it is continued, in order; SIGKILL does not wait.
#include "signals.h"

static volatile int order[16];

static void note(int number, siginfo_t *info, void *context) {
    (void)context;
    order[counted++] = number == SIGUSR1 ? -1 : info->si_value.sival_int;
}

static void compute(void) {
    for (;;)
        if (counted >= 6)
            _exit(order[0] == -1 && order[1] == 0 && order[5] == 4 ? 7 : 8);
}

static void idle(void) {
    while (counted < 6)
        pause();
    _exit(order[0] == -1 && order[1] == 0 && order[5] == 4 ? 7 : 8);
}

int main(void) {
    for (int round = 0; round < 4; round++) {
        sigset_t rest, before;
        sigfillset(&rest);
        struct sigaction action = {.sa_sigaction = note, .sa_flags = SA_SIGINFO, .sa_mask = rest};
        CHECK(sigaction(SIGUSR1, &action, NULL) == 0 && sigaction(SIGRTMIN, &action, NULL) == 0);
        CHECK(sigprocmask(SIG_SETMASK, NULL, &before) == 0);
        pid_t child = fork();
        if (child == 0)
            (round % 2 ? compute : idle)();
        sleep_ms(5);
        CHECK(kill(child, SIGSTOP) == 0);
        int status;
        CHECK(waitpid(child, &status, WUNTRACED) == child && WIFSTOPPED(status));
        for (int i = 0; i < 5; i++)
            CHECK(sigqueue(child, SIGRTMIN, (union sigval){.sival_int = i}) == 0);
        CHECK(kill(child, SIGUSR1) == 0 && kill(child, SIGUSR1) == 0);
        sleep_ms(10);
        CHECK(waitpid(child, &status, WNOHANG) == 0);
        if (round >= 2) {
            CHECK(kill(child, SIGKILL) == 0 && ended_by(child) == SIGKILL);
            continue;
        }
        CHECK(kill(child, SIGCONT) == 0);
        CHECK(WEXITSTATUS(wait_status(child)) == 7);
    }
    pid_t child = fork();
    if (child == 0)
        for (;;)
            pause();
    int status;
    CHECK(kill(child, SIGSTOP) == 0 && waitpid(child, &status, WUNTRACED) == child);
    CHECK(kill(child, SIGTERM) == 0);
    sleep_ms(5);
    CHECK(waitpid(child, &status, WNOHANG) == 0);
    CHECK(kill(child, SIGCONT) == 0 && ended_by(child) == SIGTERM);
    puts("ok");
}
