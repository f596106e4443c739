// Over exec an ignored signal stays ignored and a handler becomes the default.
#include "check.h"

static void handle(int number) { (void)number; }

int main(int argc, char **argv) {
    (void)argv;
    if (argc == 2) {
        struct sigaction now;
        CHECK(sigaction(SIGUSR1, NULL, &now) == 0 && now.sa_handler == SIG_IGN);
        CHECK(sigaction(SIGUSR2, NULL, &now) == 0 && now.sa_handler == SIG_DFL);
        CHECK(raise(SIGUSR1) == 0);
        puts("ok");
        return 0;
    }
    CHECK(signal(SIGUSR1, SIG_IGN) != SIG_ERR && signal(SIGUSR2, handle) != SIG_ERR);
    execl("/proc/self/exe", "again", "again", (char *)NULL);
    CHECK(!"exec");
}
