// With no place in the queue sigqueue fails, and what comes with no value still comes.
#include "signals.h"
#include <sys/resource.h>

static volatile int codes[8], values[8];

static void note(int number, siginfo_t *info, void *context) {
    (void)number, (void)context;
    codes[counted & 7] = info->si_code;
    values[counted++ & 7] = info->si_value.sival_int;
}

int main(void) {
    struct rlimit limit = {0, 0};
    union sigval value = {.sival_int = 5};
    on_info(SIGRTMIN, note, 0);
    on_info(SIGUSR1, note, 0);
    CHECK(sigqueue(getpid(), SIGRTMIN, value) == 0 && counted == 1 && values[0] == 5);
    CHECK(setrlimit(RLIMIT_SIGPENDING, &limit) == 0);
    CHECK_FAILS(sigqueue(getpid(), SIGRTMIN, value), EAGAIN);
    block(SIGUSR1);
    for (int i = 0; i < 5; i++)
        CHECK(kill(getpid(), SIGUSR1) == 0);
    unblock(SIGUSR1);
    CHECK(counted == 2 && codes[1] == SI_USER);
    on(SIGALRM, count, 0);
    alarm_us(2000, 0);
    while (counted < 3)
        sleep_ms(1);
    puts("ok");
}
