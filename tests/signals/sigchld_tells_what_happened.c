// SIGCHLD comes for stop, continue and end, with the child's number, the cause and the status.
#include "signals.h"

static volatile siginfo_t got;

static void handle(int number, siginfo_t *info, void *context) {
    (void)number, (void)context;
    got = *info;
}

static void expect(pid_t child, int code, int status) {
    sigset_t none;
    sigemptyset(&none);
    while (!got.si_signo)
        sigsuspend(&none);
    CHECK(got.si_code == code && got.si_pid == child && got.si_status == status);
    CHECK(got.si_uid == getuid());
    got.si_signo = 0;
}

int main(void) {
    block(SIGCHLD);
    on_info(SIGCHLD, handle, 0);
    pid_t child = fork();
    if (child == 0)
        for (;;)
            pause();
    CHECK(kill(child, SIGSTOP) == 0);
    expect(child, CLD_STOPPED, SIGSTOP);
    CHECK(kill(child, SIGCONT) == 0);
    expect(child, CLD_CONTINUED, SIGCONT);
    CHECK(kill(child, SIGUSR1) == 0);
    expect(child, CLD_KILLED, SIGUSR1);
    CHECK(ended_by(child) == SIGUSR1);
    child = fork();
    if (child == 0)
        _exit(33);
    expect(child, CLD_EXITED, 33);
    CHECK(exit_code(child) == 33);
    puts("ok");
}
