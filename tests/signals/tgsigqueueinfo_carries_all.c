// rt_tgsigqueueinfo gives a thread the siginfo that the sender made.
#include "signals.h"
#include <sys/syscall.h>

static volatile siginfo_t got;

static void handle(int number, siginfo_t *info, void *context) {
    (void)number, (void)context;
    got = *info;
}

int main(void) {
    on_info(SIGRTMIN + 2, handle, 0);
    siginfo_t info = {.si_code = SI_QUEUE};
    info.si_pid = 77;
    info.si_uid = 88;
    info.si_value.sival_int = 99;
    CHECK(syscall(SYS_rt_tgsigqueueinfo, getpid(), gettid(), SIGRTMIN + 2, &info) == 0);
    CHECK(got.si_code == SI_QUEUE && got.si_pid == 77 && got.si_uid == 88);
    CHECK(got.si_value.sival_int == 99 && got.si_signo == SIGRTMIN + 2);
    pid_t child = fork();
    if (child == 0)
        for (;;)
            pause();
    info.si_code = SI_USER; // only the kernel may say that to others
    CHECK_FAILS(syscall(SYS_rt_tgsigqueueinfo, child, child, SIGUSR1, &info), EPERM);
    CHECK(kill(child, SIGKILL) == 0 && ended_by(child) == SIGKILL);
    puts("ok");
}
