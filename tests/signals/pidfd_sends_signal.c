// pidfd_send_signal reaches the process behind the descriptor, with a siginfo of its own or none.
#include "signals.h"
#include <sys/syscall.h>

static volatile siginfo_t got;

static void handle(int number, siginfo_t *info, void *context) {
    (void)number, (void)context;
    got = *info;
}

int main(void) {
    on_info(SIGUSR1, handle, 0);
    int self = (int)syscall(SYS_pidfd_open, getpid(), 0);
    CHECK(self >= 0 && syscall(SYS_pidfd_send_signal, self, SIGUSR1, NULL, 0) == 0);
    CHECK(got.si_code == SI_USER && got.si_pid == getpid() && got.si_uid == getuid());
    siginfo_t info = {.si_signo = SIGUSR1, .si_code = SI_QUEUE};
    info.si_value.sival_int = 1234;
    CHECK(syscall(SYS_pidfd_send_signal, self, SIGUSR1, &info, 0) == 0);
    CHECK(got.si_code == SI_QUEUE && got.si_value.sival_int == 1234);
    pid_t child = fork();
    if (child == 0)
        for (;;)
            pause();
    int other = (int)syscall(SYS_pidfd_open, child, 0);
    CHECK(syscall(SYS_pidfd_send_signal, other, SIGTERM, NULL, 0) == 0);
    CHECK(ended_by(child) == SIGTERM);
    CHECK_FAILS(syscall(SYS_pidfd_send_signal, other, 0, NULL, 0), ESRCH);
    puts("ok");
}
