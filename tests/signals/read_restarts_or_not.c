// A blocking read ends with EINTR, or goes on under SA_RESTART and gets its byte.
#include "signals.h"

static int ends[2];
static volatile sig_atomic_t turns;

static void feed(int number) {
    (void)number;
    if (++counted == turns)
        CHECK(write(ends[1], "x", 1) == 1);
}

int main(void) {
    char byte;
    CHECK(pipe(ends) == 0);
    on(SIGALRM, feed, 0);
    alarm_us(3000, 3000);
    CHECK_FAILS(read(ends[0], &byte, 1), EINTR);
    alarm_us(0, 0);
    turns = counted + 3;
    on(SIGALRM, feed, SA_RESTART);
    alarm_us(3000, 3000);
    CHECK(read(ends[0], &byte, 1) == 1 && byte == 'x');
    alarm_us(0, 0);
    CHECK(counted >= turns);
    puts("ok");
}
