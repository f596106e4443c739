// Without SA_RESTART a handler ends a waiting read with EINTR.
#include "check.h"
#include <sys/time.h>

static volatile sig_atomic_t count;

static void handle(int number) {
    (void)number;
    count++;
}

int main(void) {
    int ends[2];
    CHECK(pipe(ends) == 0);
    struct sigaction action = {.sa_handler = handle};
    CHECK(sigaction(SIGALRM, &action, NULL) == 0);
    struct itimerval often = {{0, 20000}, {0, 20000}}, never = {{0, 0}, {0, 0}};
    CHECK(setitimer(ITIMER_REAL, &often, NULL) == 0);
    char byte;
    CHECK_FAILS(read(ends[0], &byte, 1), EINTR);
    CHECK(count >= 1);
    CHECK_FAILS(wait(NULL), ECHILD);
    CHECK(setitimer(ITIMER_REAL, &never, NULL) == 0);
    CHECK(write(ends[1], "x", 1) == 1 && read(ends[0], &byte, 1) == 1 && byte == 'x');
    puts("ok");
}
