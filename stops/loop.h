/* What the files of the supervisor's loop share. No C library is linked: its system calls are made
 * here. */
#ifndef MVX_STOPS_LOOP_H
#define MVX_STOPS_LOOP_H

#include <asm/unistd_64.h>
#include <linux/errno.h>
#include <linux/ptrace.h>
#include <linux/signal.h>
#include <linux/time_types.h>
#include <linux/wait.h>
#include <sys/user.h>

#include "layout.h"

enum { SIGNAL_SET_SIZE = 8, INFORMATION_SIZE = 128, NS_PER_S = 1000000000 };

static inline long call(long number, long a, long b, long c, long d) {
    register long r10 __asm__("r10") = d;
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10)
                     : "rcx", "r11", "memory");
    return result;
}

static inline long now_ns(void) {
    struct __kernel_timespec now;
    call(__NR_clock_gettime, CLOCK_MONOTONIC, (long)&now, 0, 0);
    return now.tv_sec * NS_PER_S + now.tv_nsec;
}

/* ticks.c: whether a stop was a clock's signal that every variant has got, and all go on. */
int tick_serve(struct ticks *ticks, long tid, uint32_t status);
/* A stop that was met on the way and is still to be told of: its task and its status; 0: none. */
long tick_waiting(struct ticks *ticks, uint32_t *status);

/* crowd.c: whether the machine is not as crowded as the supervisor knows. */
int crowd_has_changed(const struct stops *stops);

#endif
