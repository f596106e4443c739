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
        char byte;
        for (;;)
            CHECK(read(ready[0], &byte, 1) == 1 && byte == 'q' ? (_exit(0), 1) : 1);
    }
    (void)child;
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    while (flock(file, LOCK_EX | LOCK_NB) == 0)
        CHECK(flock(file, LOCK_UN) == 0);
    on(SIGALRM, count, 0);
    alarm_us(5000, 0);
    CHECK_FAILS(flock(file, LOCK_EX), EINTR);
    while (fcntl(file, F_GETLK, &whole) == 0 && whole.l_type == F_UNLCK)
        whole.l_type = F_WRLCK;
    whole.l_type = F_WRLCK;
    alarm_us(5000, 0);
    CHECK_FAILS(fcntl(file, F_SETLKW, &whole), EINTR);
    on(SIGALRM, count, SA_RESTART);
    alarm_us(2000, 2000);
    CHECK(kill(child, SIGKILL) == 0 && flock(file, LOCK_EX) == 0);
    CHECK(fcntl(file, F_SETLKW, &whole) == 0);
    alarm_us(0, 0);
    CHECK(ended_by(child) == SIGKILL && unlink("lock") == 0);
    puts("ok");
}
