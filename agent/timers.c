/*
 * Timers of every variant's own (--signals=quorum): each variant makes the calls, and gets its own
 * copy of each signal. Timers of CPU time are the leader's: see src/mvx/timers.py.
 */
#include <asm/unistd_64.h>

#include "agent.h"

enum { ITIMER_REAL = 0 };

/* Whether every variant makes this call. */
int timer_is_own(const struct call *call) {
    switch (call->number) {
    case __NR_setitimer:
        return (uint32_t)call->arguments[0] == ITIMER_REAL;
    case __NR_alarm:
    case __NR_timer_create:
    case __NR_timer_settime:
    case __NR_timer_delete:
        return 1;
    }
    return 0;
}

/* Follower: the leader has waited for a signal and got it. What is pending here is the same. */
void timer_taken(const struct call *call) {
    if (call->result > 0) {
        uint64_t set = 1ULL << (call->result - 1);
        int64_t at_once[2] = {0, 0};
        plain(__NR_rt_sigtimedwait, (uint64_t)&set, 0, (uint64_t)at_once, sizeof set, 0, 0);
    }
}
