// A signal that comes while the program executes another one reaches the new one.
#include "signals.h"

int main(int argc, char **argv) {
    (void)argv;
    on(SIGUSR1, count, 0);
    if (argc == 2) {
        unblock(SIGUSR1);
        while (!counted)
            pause();
        puts("ok");
        return 0;
    }
    block(SIGUSR1);
    pid_t target = getpid();
    pid_t child = fork();
    if (child == 0) {
        CHECK(kill(target, SIGUSR1) == 0);
        _exit(0);
    }
    execl("/proc/self/exe", "again", "again", (char *)NULL);
    CHECK(!"exec");
}
