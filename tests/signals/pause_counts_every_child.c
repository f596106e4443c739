// A program that sleeps in pause until each of its children has signalled, one after the other.
#include "signals.h"

static volatile int right;
static volatile pid_t wanted;

static void handle(int number, siginfo_t *info, void *context) {
    (void)number, (void)context;
    CHECK(info->si_pid == wanted);
    right++;
}

int main(void) {
    struct sigaction action = {.sa_sigaction = handle, .sa_flags = SA_SIGINFO};
    sigset_t usr1, open;
    CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
    sigemptyset(&usr1);
    sigaddset(&usr1, SIGUSR1);
    for (int i = 1; i <= 12; i++) {
        CHECK(sigprocmask(SIG_BLOCK, &usr1, &open) == 0);
        pid_t child = fork();
        if (child == 0) {
            kill(getppid(), SIGUSR1);
            _exit(0);
        }
        wanted = child;
        CHECK(sigprocmask(SIG_SETMASK, &open, NULL) == 0);
        while (right < i)
            usleep(1000);
        CHECK(waitpid(child, NULL, 0) == child);
    }
    alarm_us(0, 0);
    puts("ok");
}
