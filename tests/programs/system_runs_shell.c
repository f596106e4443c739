// system returns the shell's wait status and finds a shell.
#include "check.h"

int main(void) {
    CHECK(system(NULL) != 0);
    CHECK(system("exit 0") == 0);
    int status = system("exit 42");
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 42);
    status = system("kill -TERM $$");
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
    status = system("/missing/program 2>/dev/null");
    CHECK(WEXITSTATUS(status) == 127);
    CHECK(setenv("WORD", "exported", 1) == 0 && system("echo \"$WORD\"") == 0);
}
