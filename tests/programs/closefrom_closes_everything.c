// A program may close every descriptor above 2 and goes on with fresh ones from 3.
#include "check.h"
#include <sys/epoll.h>

int main(void) {
    int ends[2];
    for (int i = 0; i < 5; i++)
        CHECK(pipe(ends) == 0);
    CHECK(dup2(ends[0], 500) == 500);
    closefrom(3);
    CHECK_FAILS(fcntl(ends[0], F_GETFD), EBADF);
    CHECK_FAILS(fcntl(500, F_GETFD), EBADF);
    CHECK(open("file", O_CREAT | O_RDWR, 0600) == 3 && epoll_create1(0) == 4);
    CHECK(pipe(ends) == 0 && ends[0] == 5 && ends[1] == 6);
    CHECK(write(3, "fresh", 5) == 5);
    pid_t child = fork();
    if (child == 0) {
        for (int fd = 0; fd < 1024; fd++)
            close(fd);
        _exit(open("/dev/null", O_RDONLY));
    }
    CHECK(exit_code(child) == 0 && lseek(3, 0, SEEK_CUR) == 5);
    puts("ok");
}
