// fork returns twice; the parent gets the child's exit code from wait.
#include "check.h"

int main(void) {
    for (int code = 0; code < 256; code += 51) {
        pid_t child = fork();
        CHECK(child >= 0);
        if (child == 0)
            _exit(code);
        int status;
        CHECK(wait(&status) == child && WIFEXITED(status) && !WIFSIGNALED(status));
        printf("%d\n", WEXITSTATUS(status));
    }
    CHECK_FAILS(wait(NULL), ECHILD);
}
