// pause returns with EINTR when a handler has run.
#include "check.h"
#include <sys/time.h>

static volatile sig_atomic_t count;

static void handle(int number) {
    (void)number;
    count++;
}

int main(void) {
    struct sigaction action = {.sa_handler = handle, .sa_flags = SA_RESTART};
    CHECK(sigaction(SIGALRM, &action, NULL) == 0);
    struct itimerval often = {{0, 15000}, {0, 15000}}, never = {{0, 0}, {0, 0}};
    CHECK(setitimer(ITIMER_REAL, &often, NULL) == 0);
    CHECK_FAILS(pause(), EINTR); // even with SA_RESTART
    CHECK(setitimer(ITIMER_REAL, &never, NULL) == 0);
    CHECK(count >= 1);
    puts("ok");
}
