// A file open for writing cannot be executed; a running one cannot be opened for writing.
#include "check.h"
#include <sys/sendfile.h>

int main(int argc, char **argv) {
    (void)argv;
    if (argc == 2) {
        CHECK_FAILS(open("copy", O_WRONLY), ETXTBSY);
        return 0;
    }
    int from = open("/proc/self/exe", O_RDONLY);
    int to = open("copy", O_CREAT | O_WRONLY | O_CLOEXEC, 0700);
    while (sendfile(to, from, NULL, 1 << 20) > 0)
        ;
    char *arguments[] = {"name", "again", NULL}, *environment[] = {NULL};
    CHECK_FAILS(execve("./copy", arguments, environment), ETXTBSY);
    CHECK(close(to) == 0);
    pid_t child = fork();
    if (child == 0) {
        execve("./copy", arguments, environment);
        _exit(127);
    }
    CHECK(exit_code(child) == 0);
    puts("ok");
}
