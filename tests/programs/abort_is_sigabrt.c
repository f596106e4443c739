// abort ends a process by SIGABRT even when the signal is ignored or blocked.
#include "check.h"
#include <assert.h>
#include <sys/resource.h>

int main(void) {
    CHECK(setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0}) == 0);
    for (int way = 0; way < 3; way++) {
        pid_t child = fork();
        if (child == 0) {
            sigset_t set;
            sigemptyset(&set);
            sigaddset(&set, SIGABRT);
            if (way == 1)
                signal(SIGABRT, SIG_IGN);
            if (way == 2)
                sigprocmask(SIG_BLOCK, &set, NULL);
            abort();
        }
        int status = wait_status(child);
        CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT && !WCOREDUMP(status));
    }
    pid_t child = fork();
    if (child == 0) {
        CHECK(close(2) == 0);
        assert(child == 1);
        _exit(1);
    }
    CHECK(WTERMSIG(wait_status(child)) == SIGABRT);
    puts("ok");
}
