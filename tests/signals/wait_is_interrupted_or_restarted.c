// wait4 ends with EINTR when a handler has run, and goes on under SA_RESTART.
#include "signals.h"

int main(void) {
    int status, ends[2];
    CHECK(pipe(ends) == 0);
    on(SIGALRM, count, 0);
    pid_t child = fork();
    if (child == 0) {
        char byte;
        CHECK(read(ends[0], &byte, 1) == 1);
        sleep_ms(10);
        _exit(12);
    }
    alarm_us(4000, 4000);
    CHECK_FAILS(wait(&status), EINTR);
    on(SIGALRM, count, SA_RESTART);
    CHECK(write(ends[1], "x", 1) == 1);
    CHECK(wait(&status) == child && WEXITSTATUS(status) == 12 && counted >= 1);
    alarm_us(0, 0);
    puts("ok");
}
