// flock and F_SETLKW end with EINTR when a handler runs, and get the lock under SA_RESTART.
#include "signals.h"
#include <sys/file.h>

int main(void) {
    int ready[2], file = open("lock", O_CREAT | O_RDWR, 0600);
    CHECK(file >= 0 && pipe(ready) == 0);
    pid_t child = fork();
    if (child == 0) {
        int own = open("lock", O_RDWR);
        struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
        CHECK(flock(own, LOCK_EX) == 0 && fcntl(own, F_SETLK, &whole) == 0);
        CHECK(write(ready[1], "x", 1) == 1);
        for (;;)
            pause();
    }
    char byte;
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    CHECK(read(ready[0], &byte, 1) == 1);
    on(SIGALRM, count, 0);
    alarm_us(5000, 5000);
    CHECK_FAILS(flock(file, LOCK_EX), EINTR);
    CHECK_FAILS(fcntl(file, F_SETLKW, &whole), EINTR);
    on(SIGALRM, count, SA_RESTART);
    CHECK(kill(child, SIGKILL) == 0 && flock(file, LOCK_EX) == 0);
    CHECK(fcntl(file, F_SETLKW, &whole) == 0);
    alarm_us(0, 0);
    CHECK(ended_by(child) == SIGKILL && unlink("lock") == 0);
    puts("ok");
}
