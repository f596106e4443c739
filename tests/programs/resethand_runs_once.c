// With SA_RESETHAND the handler runs once and the default action follows.
#include "check.h"

static volatile sig_atomic_t count;

static void handle(int number) {
    (void)number;
    count++;
}

int main(void) {
    struct sigaction action = {.sa_handler = handle, .sa_flags = (int)SA_RESETHAND}, now;
    CHECK(sigaction(SIGTERM, &action, NULL) == 0);
    pid_t child = fork();
    if (child == 0) {
        CHECK(raise(SIGTERM) == 0 && count == 1);
        CHECK(sigaction(SIGTERM, NULL, &now) == 0 && now.sa_handler == SIG_DFL);
        raise(SIGTERM);
        _exit(1);
    }
    int status = wait_status(child);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
    puts("ok");
}
