// ITIMER_PROF and ITIMER_VIRTUAL fire while the process computes.
#include "check.h"
#include <sys/time.h>

static volatile sig_atomic_t profiled, virtual;

static void handle(int number) {
    if (number == SIGPROF)
        profiled = 1;
    else
        virtual = 1;
}

int main(void) {
    struct sigaction action = {.sa_handler = handle, .sa_flags = SA_RESTART};
    CHECK(sigaction(SIGPROF, &action, NULL) == 0 && sigaction(SIGVTALRM, &action, NULL) == 0);
    struct itimerval once = {{0, 0}, {0, 10000}};
    CHECK(setitimer(ITIMER_PROF, &once, NULL) == 0 && setitimer(ITIMER_VIRTUAL, &once, NULL) == 0);
    volatile uint64_t work = 0;
    while (!profiled || !virtual)
        work = work + 1;
    puts("ok");
}
