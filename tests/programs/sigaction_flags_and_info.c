// sigaction returns what was set; SA_SIGINFO tells sender and code; the mask holds in the handler.
#include "check.h"

static volatile sig_atomic_t count;

static void handle(int number, siginfo_t *info, void *context) {
    sigset_t now;
    CHECK(context && number == SIGUSR1 && info->si_signo == SIGUSR1);
    CHECK(info->si_pid == getpid() && info->si_uid == getuid());
    CHECK(info->si_code == (count ? SI_USER : SI_TKILL));
    CHECK(sigprocmask(SIG_BLOCK, NULL, &now) == 0);
    CHECK(sigismember(&now, SIGUSR1) && sigismember(&now, SIGUSR2) && !sigismember(&now, SIGHUP));
    count++;
}

int main(void) {
    struct sigaction action = {.sa_sigaction = handle, .sa_flags = SA_SIGINFO | SA_RESTART}, old;
    sigemptyset(&action.sa_mask);
    sigaddset(&action.sa_mask, SIGUSR2);
    CHECK(sigaction(SIGUSR1, &action, NULL) == 0 && sigaction(SIGUSR1, NULL, &old) == 0);
    CHECK(old.sa_sigaction == handle && (old.sa_flags & ~0x04000000) == action.sa_flags);
    CHECK(sigismember(&old.sa_mask, SIGUSR2) == 1 && sigismember(&old.sa_mask, SIGHUP) == 0);
    CHECK(raise(SIGUSR1) == 0 && count == 1);
    CHECK(kill(getpid(), SIGUSR1) == 0 && count == 2);
    sigset_t now;
    CHECK(sigprocmask(SIG_BLOCK, NULL, &now) == 0 && !sigismember(&now, SIGUSR1));
    CHECK_FAILS(sigaction(SIGKILL, &action, NULL), EINVAL);
    CHECK_FAILS(sigaction(99, &action, NULL), EINVAL);
    puts("ok");
}
