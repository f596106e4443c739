// A `#!` script runs its interpreter with the one option, the script and the arguments.
#include "check.h"

int main(void) {
    int fd = open("script", O_CREAT | O_WRONLY | O_CLOEXEC, 0700);
    const char text[] = "#!/bin/sh -e\necho \"$0 got $1 and $2\"\nfalse\necho never\n";
    CHECK(write(fd, text, sizeof text - 1) == sizeof text - 1 && close(fd) == 0);
    pid_t child = fork();
    if (child == 0) {
        execl("./script", "ignored", "one", "two words", (char *)NULL);
        _exit(127);
    }
    CHECK(exit_code(child) == 1);
    fd = open("nested", O_CREAT | O_WRONLY | O_CLOEXEC, 0700);
    CHECK(dprintf(fd, "#! ./script\n") > 0 && close(fd) == 0);
    child = fork();
    if (child == 0) {
        execl("./nested", "ignored", "three", (char *)NULL);
        _exit(127);
    }
    CHECK(exit_code(child) == 1);
}
