// A process that shares memory stops itself; its parent, which continues it, goes on meanwhile.
#include "seen.h"
#include <signal.h>

int main(void) {
    int *shared = shared_memory(4096);
    for (int round = 0; round < 5; round++) {
        int how;
        pid_t child = fork();
        CHECK(child >= 0);
        if (!child) {
            ++*shared;
            CHECK(raise(SIGSTOP) == 0);
            *shared += 10;
            CHECK(kill(getpid(), SIGTSTP) == 0);
            _exit(*shared);
        }
        CHECK(waitpid(child, &how, WUNTRACED) == child && WIFSTOPPED(how));
        CHECK(*shared == 11 * round + 1);
        usleep(1000);
        CHECK(kill(child, SIGCONT) == 0);
        CHECK(waitpid(child, &how, WUNTRACED) == child);
        if (WIFSTOPPED(how)) { // SIGTSTP does not stop a process of an orphaned group
            CHECK(kill(child, SIGCONT) == 0);
            CHECK(waitpid(child, &how, 0) == child);
        }
        CHECK(WIFEXITED(how) && WEXITSTATUS(how) == 11 * (round + 1));
    }
    puts("ok");
}
