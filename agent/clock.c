/*
 * The time, by the kernel's own function in the vDSO, without a call. The program is not told of
 * the vDSO; the bootstrap has moved it into the agent's region, so a task that stops in it stands
 * in the agent.
 *
 * The function reads the time stamp counter, so it is there only for tasks that may. Clocks that it
 * does not know, and all of them while the kernel has another clock source, it leaves to a system
 * call: the supervisor lets those pass (src/mvx/traps.py).
 */
#include <asm/unistd_64.h>

#include "agent.h"

enum {
    CLOCK_REALTIME = 0,
    CLOCK_REALTIME_COARSE = 5,
    CLOCKS_KNOWN = 0x8f3, /* REALTIME, MONOTONIC, RAW, both COARSE, BOOTTIME, TAI (linux/time.h) */
    CLOCKS_MAX = 32,
    NS_PER_US = 1000,
    EFAULT = 14
};

/* The time of a clock that the function knows. */
static long read_clock(const struct task *task, int clock, struct moment *now) {
    return ((long (*)(int, struct moment *))task->clock)(clock, now);
}

void clock_now(const struct task *task, int clock, struct moment *now) {
    if (task->clock) {
        read_clock(task, clock, now);
    } else {
        plain(__NR_clock_gettime, (uint64_t)clock, (uint64_t)now, 0, 0, 0, 0);
    }
}

/* clock_gettime, gettimeofday, time; 0: the kernel has to be asked. */
int clock_answer(struct call *call) {
    struct moment now;
    uint64_t place = call->arguments[0];
    int clock = CLOCK_REALTIME;
    long size = sizeof now;
    switch (call->number) {
    case __NR_clock_gettime:
        clock = (int)call->arguments[0];
        place = call->arguments[1];
        break;
    case __NR_gettimeofday:
        if (call->arguments[1]) {
            return 0;
        }
        break;
    default:
        clock = CLOCK_REALTIME_COARSE;
        size = sizeof now.seconds;
    }
    if ((unsigned)clock >= CLOCKS_MAX || !(CLOCKS_KNOWN >> clock & 1)) {
        return 0;
    }
    call->result = read_clock(call->task, clock, &now);
    if (call->number == __NR_gettimeofday) {
        now.nanoseconds /= NS_PER_US;
    } else if (call->number == __NR_time) {
        call->result = now.seconds;
    }
    int is_wanted = place || call->number == __NR_clock_gettime;
    if (is_wanted && program_copy((void *)place, &now, (size_t)size)) {
        call->result = -EFAULT;
    }
    return 1;
}
