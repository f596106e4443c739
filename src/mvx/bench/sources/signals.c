/* How late a timer's handler runs, in a program that computes or one that makes calls all the time.
 *
 * Arguments: c (computes) or s (makes calls), the timer's rate in Hz (0: none), units of work. Prints the nanoseconds
 * that the work took, then how late each handler ran after its timer had expired, in nanoseconds.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { MOST = 1 << 20, COMPUTED = 20000000, CALLS = 2000 };

static int64_t begun_ns, interval_ns, last_ns;
static int64_t late_ns[MOST];
static volatile int count;
static volatile uint64_t sink;

static int64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void handle(int number) {
    (void)number;
    int64_t now = now_ns();
    /* The first time at which the timer can have expired since the last handler. */
    int64_t expired = begun_ns + ((last_ns - begun_ns) / interval_ns + 1) * interval_ns;
    int64_t late = now - expired;
    last_ns = now;
    if (count < MOST) {
        late_ns[count++] = late < 0 ? late + interval_ns : late;
    }
}

static void start_timer(int rate) {
    struct sigaction action = {.sa_handler = handle, .sa_flags = SA_RESTART};
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM};
    timer_t timer;
    interval_ns = 1000000000 / rate;
    sigaction(SIGALRM, &action, NULL);
    if (timer_create(CLOCK_MONOTONIC, &event, &timer)) {
        exit(1);
    }
    begun_ns = last_ns = now_ns();
    int64_t first = begun_ns + interval_ns;
    struct itimerspec when = {
        .it_interval = {interval_ns / 1000000000, interval_ns % 1000000000},
        .it_value = {first / 1000000000, first % 1000000000},
    };
    if (timer_settime(timer, TIMER_ABSTIME, &when, NULL)) {
        exit(1);
    }
}

static void compute(void) {
    uint64_t state = 1;
    for (int turn = 0; turn < COMPUTED; turn++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
    }
    sink = state;
    syscall(SYS_getppid);
}

static void call(void) {
    for (int turn = 0; turn < CALLS; turn++) {
        syscall(SYS_getppid);
    }
}

int main(int argc, char **argv) {
    if (argc != 4) {
        return 2;
    }
    int rate = atoi(argv[2]);
    if (rate) {
        start_timer(rate);
    }
    int64_t start_ns = now_ns();
    for (int unit = 0; unit < atoi(argv[3]); unit++) {
        (argv[1][0] == 'c' ? compute : call)();
    }
    int64_t taken_ns = now_ns() - start_ns;
    sigset_t alarm;
    sigemptyset(&alarm);
    sigaddset(&alarm, SIGALRM);
    sigprocmask(SIG_BLOCK, &alarm, NULL);
    printf("%lld\n", (long long)taken_ns);
    for (int index = 0; index < count; index++) {
        printf("%lld\n", (long long)late_ns[index]);
    }
    return 0;
}
