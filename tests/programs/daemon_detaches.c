// The double fork of a daemon: new session, directory /, no descriptors, and it reports back.
#include "check.h"
#include <sys/prctl.h>

int main(void) {
    CHECK(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0);
    int report[2];
    CHECK(pipe(report) == 0);
    pid_t child = fork();
    if (child == 0) {
        CHECK(setsid() == getpid());
        if (fork() > 0)
            _exit(0);
        CHECK(chdir("/") == 0 && dup2(report[1], 3) == 3);
        for (int fd = 0; fd < 3; fd++)
            close(fd);
        CHECK(open("/dev/null", O_RDWR) == 0 && dup(0) == 1 && dup(0) == 2);
        CHECK(getsid(0) != getpid() && getpgrp() == getsid(0));
        CHECK(write(3, "detached", 8) == 8);
        _exit(0);
    }
    CHECK(close(report[1]) == 0 && exit_code(child) == 0);
    char text[16] = "";
    CHECK(read(report[0], text, sizeof text) == 8);
    int status;
    CHECK(wait(&status) > 0 && status == 0);
    puts(text);
}
