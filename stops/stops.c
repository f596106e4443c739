/*
 * The supervisor's wait for the next stop, and the stops that need no decision any more.
 *
 * Most stops of a program whose sites are not patched are traps, and of a trap at a known place
 * everything is decided: the call is skipped, and the task goes on at the agent's entry. The
 * supervisor (src/mvx/stops.py) writes down which task, at which site, with which number, it has
 * just treated so; here the same is done again, for as long as nothing else happens. Every other
 * stop is given to the supervisor, untouched, and with it all that is known ends: a task, site or
 * number that is not in the table is never decided on here.
 *
 * Facts: ptrace(2), sigtimedwait(2), wait4(2); a ptrace-stop sends SIGCHLD to the tracer, one for
 * several stops if need be, so all are asked for before it is waited for again. The supervisor has
 * these signals blocked. No C library is linked: the supervisor's may be any.
 *
 * Some tasks cannot read the time stamp counter, and a switch between one of them and a task that
 * can is dear (src/mvx/timestamps.py). So whoever serves many stops of such tasks here gives the
 * counter up meanwhile: nothing in this file reads it.
 */
#include <asm/unistd_64.h>
#include <linux/errno.h>
#include <linux/prctl.h>
#include <linux/ptrace.h>
#include <linux/signal.h>
#include <linux/time_types.h>
#include <linux/wait.h>
#include <sys/user.h>

#include "loop.h"

#define EXPORT __attribute__((visibility("default")))

enum {
    STOPPED_AT_SECCOMP = (PTRACE_EVENT_SECCOMP << 8 | SIGTRAP) << 8 | 0x7f,
    NOT_STOPPED = 0,
    SERVED_LONG = 8,     /* from so many stops in a row on it pays to give the counter up */
    SERVED_UNTIMED = 16, /* the clock is read once for so many stops */
    SERVED_MOST = 256    /* signals are looked for once for so many */
};

static struct known *find(struct stops *stops, uint64_t tid, const struct user_regs_struct *at) {
    struct known *known = (struct known *)stops->known;
    for (uint32_t i = 0; i < stops->count; i++) {
        if (known[i].site == at->rip && known[i].tid == tid && known[i].number == at->orig_rax) {
            return &known[i];
        }
    }
    return 0;
}

/* Whether a stop was one of those that are known, and the task goes on. */
static int serve(struct stops *stops, long tid, uint32_t status) {
    struct user_regs_struct registers;
    unsigned long data = 1;
    if (status != STOPPED_AT_SECCOMP || !stops->count ||
        call(__NR_ptrace, PTRACE_GETREGS, tid, 0, (long)&registers) < 0) {
        return 0;
    }
    struct known *known = find(stops, (uint64_t)tid, &registers);
    /* The filter's data is not 0 for calls by the 32-bit entry and x32 numbers (seccomp.py). */
    if (!known || call(__NR_ptrace, PTRACE_GETEVENTMSG, tid, 0, (long)&data) < 0 || data) {
        return 0;
    }
    registers.rcx = registers.rip;
    registers.rip = known->entry;
    registers.rax = registers.orig_rax;
    registers.orig_rax = (unsigned long)-1;
    /* Either fails only if the task has just been killed: its end is still to come. */
    if (call(__NR_ptrace, PTRACE_SETREGS, tid, 0, (long)&registers) == 0) {
        call(__NR_ptrace, PTRACE_CONT, tid, 0, 0);
    }
    known->times++;
    return 1;
}

/* How long nothing is to be done at a set time; not positive when it is now. */
static long left_ns(const struct stops *stops) {
    uint64_t end_ns = stops->deadline_ns;
    if (stops->look_ns && stops->look_ns < end_ns) {
        end_ns = stops->look_ns;
    }
    return (long)end_ns - now_ns();
}

/* The next stop that is not known: its task, with `status`; 0 when there is none (yet), or when so
 * many others came that it is time to look around, and there may be `more`; or -errno of wait4.
 * `served` counts the others. */
static long next(struct stops *stops, uint64_t *served, int *more) {
    struct ticks *ticks = (struct ticks *)stops->ticks;
    for (*more = 0; !*more;) {
        uint32_t status = 0;
        long tid = tick_waiting(ticks, &status);
        if (tid) {
            stops->status = status;
            return tid;
        }
        tid = call(__NR_wait4, -1, (long)&status, __WALL | WNOHANG, 0);
        if (tid <= 0 || !(serve(stops, tid, status) || tick_serve(ticks, tid, status))) {
            stops->status = status;
            return tid;
        }
        ++*served;
        *more =
            *served % SERVED_MOST == 0 || (*served % SERVED_UNTIMED == 0 && left_ns(stops) <= 0);
    }
    return NOT_STOPPED;
}

EXPORT long stops_poll(struct stops *stops) {
    uint64_t served = 0;
    int more;
    return next(stops, &served, &more);
}

/* Whether a wait is over whose time has come: not if it was only to look at the machine, which is
 * as it was. */
static int is_over(struct stops *stops) {
    long now = now_ns();
    if (now >= (long)stops->deadline_ns || crowd_has_changed(stops)) {
        return 1;
    }
    stops->look_ns = (uint64_t)now + stops->between_ns;
    stops->looks++;
    return 0;
}

static long wait_long(struct stops *stops, uint64_t *served, uint32_t *counter) {
    union {
        uint8_t bytes[INFORMATION_SIZE];
        uint32_t words[8];
    } information;
    for (;;) {
        int more;
        long tid = next(stops, served, &more);
        if (tid != NOT_STOPPED) {
            return tid;
        }
        if (stops->counter && !*counter && *served >= SERVED_LONG &&
            call(__NR_prctl, PR_GET_TSC, (long)counter, 0, 0) == 0) {
            call(__NR_prctl, PR_SET_TSC, PR_TSC_SIGSEGV, 0, 0);
        }
        uint64_t wanted = stops->signals;
        long time_ns = left_ns(stops);
        struct __kernel_timespec left = {time_ns / NS_PER_S, time_ns % NS_PER_S};
        if (more) {
            /* SIGCHLD never ends, and would always be taken before signals with higher numbers. */
            wanted &= ~(1UL << (SIGCHLD - 1));
        }
        if (more || time_ns <= 0) {
            left.tv_sec = left.tv_nsec = 0;
        }
        long number = call(__NR_rt_sigtimedwait, (long)&wanted, (long)&information, (long)&left,
                           SIGNAL_SET_SIZE);
        if (number > 0 && number != SIGCHLD) {
            stops->signal = (uint32_t)number;
            stops->code = information.words[2];
            stops->sender = information.words[4];
            return NOT_STOPPED;
        }
        if (number == -EAGAIN && (!more || time_ns <= 0) && is_over(stops)) {
            return NOT_STOPPED;
        }
    }
}

/* Wait until the deadline for a stop that is not known, or for a signal, which is then in `signal`;
 * 0 there when the time is over. */
EXPORT long stops_wait(struct stops *stops) {
    uint64_t served = 0;
    uint32_t counter = 0; /* who may read it, once it is given up */
    stops->signal = 0;
    long tid = wait_long(stops, &served, &counter);
    if (counter) {
        call(__NR_prctl, PR_SET_TSC, (long)counter, 0, 0);
    }
    return tid;
}
