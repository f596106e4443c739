// A child that is killed before it could do anything leaves nothing but its status.
#include "check.h"
#include <signal.h>
#include <sys/wait.h>

int main(void) {
    for (int i = 0; i < 150; i++) {
        pid_t child = fork();
        CHECK(child >= 0);
        if (child == 0) {
            pause();
            _exit(1);
        }
        int status;
        CHECK(kill(child, SIGKILL) == 0);
        CHECK(waitpid(child, &status, 0) == child);
        CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    }
    puts("ok");
}
