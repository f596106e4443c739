// With SA_NOCLDSTOP a child's stop sends nothing; its end does.
#include "signals.h"

int main(void) {
    on(SIGCHLD, count, SA_NOCLDSTOP | SA_RESTART);
    pid_t child = fork();
    if (child == 0)
        for (;;)
            pause();
    int status;
    CHECK(kill(child, SIGSTOP) == 0 && waitpid(child, &status, WUNTRACED) == child);
    CHECK(WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP && !counted);
    CHECK(kill(child, SIGCONT) == 0 && waitpid(child, &status, WCONTINUED) == child);
    CHECK(WIFCONTINUED(status) && !counted);
    CHECK(kill(child, SIGTERM) == 0 && ended_by(child) == SIGTERM && counted == 1);
    puts("ok");
}
