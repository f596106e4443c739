// SIGCONT continues a stopped process, and its handler runs; SIGTSTP can be handled.
#include "signals.h"

static char order[16];

static void handle(int number) {
    strcat(order, number == SIGCONT ? "c" : "t");
}

int main(void) {
    pid_t child = fork();
    if (child == 0) {
        CHECK(setpgid(0, 0) == 0); // SIGTSTP does not stop a process of an orphaned group
        on(SIGCONT, handle, SA_RESTART);
        on(SIGTSTP, handle, SA_RESTART);
        CHECK(raise(SIGTSTP) == 0 && raise(SIGSTOP) == 0 && raise(SIGTSTP) == 0);
        on(SIGTSTP, SIG_DFL, 0);
        CHECK(raise(SIGTSTP) == 0);
        CHECK(write(1, order, strlen(order)) == (ssize_t)strlen(order) && write(1, "\n", 1) == 1);
        _exit(21);
    }
    int status;
    for (int i = 0; i < 2; i++) {
        CHECK(waitpid(child, &status, WUNTRACED) == child && WIFSTOPPED(status));
        CHECK(WSTOPSIG(status) == (i ? SIGTSTP : SIGSTOP) && kill(child, SIGCONT) == 0);
    }
    CHECK(exit_code(child) == 21);
}
