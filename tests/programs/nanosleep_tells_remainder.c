// A signal ends nanosleep with EINTR and the time that was left.
#include "check.h"
#include <sys/time.h>
#include <time.h>

static void handle(int number) { (void)number; }

int main(void) {
    struct sigaction action = {.sa_handler = handle};
    CHECK(sigaction(SIGALRM, &action, NULL) == 0);
    struct itimerval often = {{0, 20000}, {0, 20000}}, never = {{0, 0}, {0, 0}};
    CHECK(setitimer(ITIMER_REAL, &often, NULL) == 0);
    struct timespec wanted = {60, 0}, left = {0, 0};
    CHECK_FAILS(nanosleep(&wanted, &left), EINTR);
    CHECK(left.tv_sec >= 30 && left.tv_sec < 60);
    struct timespec again = left;
    CHECK(clock_nanosleep(CLOCK_MONOTONIC, 0, &again, &left) == EINTR);
    CHECK(left.tv_sec < again.tv_sec || left.tv_nsec <= again.tv_nsec);
    CHECK(setitimer(ITIMER_REAL, &never, NULL) == 0);
    puts("ok");
}
