// An interval timer goes on over exec, POSIX timers do not; an ignored SIGALRM stays ignored.
#include "signals.h"

int main(int argc, char **argv) {
    struct itimerval left;
    if (argc == 2) {
        CHECK(getitimer(ITIMER_REAL, &left) == 0 && left.it_value.tv_sec > 100);
        timer_t none = 0;
        struct itimerspec value;
        CHECK(timer_gettime(none, &value) == -1);
        on(SIGALRM, count, 0);
        alarm_us(2000, 0);
        while (!counted)
            ;
        puts(argv[1]);
        return 0;
    }
    timer_t timer;
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
    CHECK(timer_create(CLOCK_MONOTONIC, &event, &timer) == 0);
    struct itimerspec once = {{0, 0}, {500, 0}};
    CHECK(timer_settime(timer, 0, &once, NULL) == 0);
    alarm_us(300000000, 0);
    execl("/proc/self/exe", "again", "again", (char *)NULL);
    CHECK(!"exec");
}
