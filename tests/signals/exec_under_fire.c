// A program that executes itself again and again gets every signal that was queued meanwhile.
#include "signals.h"

enum { GENERATIONS = 12, SENT = 40 };

int main(int argc, char **argv) {
    if (argc == 1) {
        on(SIGUSR1, SIG_IGN, 0);
        block(SIGRTMIN);
        pid_t child = fork();
        if (child == 0) {
            execl("/proc/self/exe", argv[0], "0", "0", (char *)NULL);
            _exit(99);
        }
        for (int i = 0; i < SENT; i++) {
            CHECK(kill(child, SIGUSR1) == 0);
            CHECK(sigqueue(child, SIGRTMIN, (union sigval){.sival_int = i}) == 0);
            sleep_ms(2);
        }
        CHECK(WEXITSTATUS(wait_status(child)) == 0);
        puts("ok");
        return 0;
    }
    // Blocked, what is sent stays pending over exec; open, each takes some of it.
    int generation = atoi(argv[1]), expected = atoi(argv[2]);
    sigset_t set = only(SIGRTMIN);
    siginfo_t info;
    for (int i = 0; i < (generation < GENERATIONS ? 2 : SENT); i++) {
        if (expected == SENT)
            return 0;
        CHECK(sigwaitinfo(&set, &info) == SIGRTMIN && info.si_value.sival_int == expected);
        expected++;
    }
    char next[16], count_now[16];
    snprintf(next, sizeof next, "%d", generation + 1);
    snprintf(count_now, sizeof count_now, "%d", expected);
    execl("/proc/self/exe", argv[0], next, count_now, (char *)NULL);
    return 98;
}
