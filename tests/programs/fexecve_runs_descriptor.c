// A program can be run by descriptor: fexecve, and execveat relative to a directory.
#include "check.h"
#include <sys/syscall.h>

extern char **environ;

int main(int argc, char **argv) {
    if (argc == 2)
        return atoi(argv[1]);
    char *first[] = {"first", "11", NULL}, *second[] = {"second", "22", NULL};
    pid_t child = fork();
    if (child == 0) {
        fexecve(open("/proc/self/exe", O_RDONLY | O_CLOEXEC), first, environ);
        _exit(127);
    }
    CHECK(exit_code(child) == 11);
    child = fork();
    if (child == 0) {
        int folder = open("/proc/self", O_PATH | O_DIRECTORY);
        syscall(SYS_execveat, folder, "exe", second, environ, 0);
        _exit(127);
    }
    CHECK(exit_code(child) == 22);
    puts("ok");
}
