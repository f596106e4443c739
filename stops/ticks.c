/*
 * Signals of clocks: timers that fire often, whose signals come to variants that compute.
 *
 * What happens is what src/mvx/between.py does with such a signal, and is written down there: the
 * leader has stopped before it; if every follower has consumed all of the leader's messages and is
 * in the program, too, each is stopped by the same signal, and all go on into their handlers. The
 * supervisor has just done so for the tasks in `struct tick`, has found that nothing else is under
 * way for them, and looks again whenever it has run. Whatever is not as it was then (the code in
 * which a task computes, its place, its handlers, the signal itself) is left to the supervisor:
 * stops that have been waited for are told of one after the other, the leader's first.
 *
 * Facts: ptrace(2): a task in signal-delivery-stop gets the signal with PTRACE_CONT, and the
 * siginfo of PTRACE_SETSIGINFO; orig_rax is negative outside of system calls. Words of variants are
 * shared memory that these may write as they like: they are compared, and nothing else depends on
 * them.
 */
#include "loop.h"

enum {
    FREQUENT_NS = 30000000, /* points.py: signals that come more seldom are no clock's */
    CALLS_OFTEN_NS = 50000, /* between.py: who makes calls so often makes the next one soon */
    REST_MOST_NS = 5000000, /* rests.py */
    BEHIND_NS = 50000,      /* how long a follower may be behind */
    POLLED_NS = 40000,      /* how long a follower's stop is looked for before sleeping */
    AWAITED_NS = 400000,    /* how long it is waited for */
    LEVEL_CALLS = 8,        /* so many calls of the leader wait for the followers after a signal */
    CODE = 2,               /* words of a siginfo (struct siginfo in <asm-generic/siginfo.h>) */
    TIMER = 4,
    VALUE = 6
};

typedef union {
    uint32_t words[INFORMATION_SIZE / 4];
    uint64_t values[INFORMATION_SIZE / 8];
} information;

static uint64_t word_at(uint64_t address) {
    return __atomic_load_n((const uint64_t *)address, __ATOMIC_ACQUIRE);
}

static struct ticked *ticked(struct tick *tick, uint32_t variant) {
    return (struct ticked *)tick->tasks + variant;
}

static uint32_t stopped_by(const struct tick *tick) {
    return tick->signal << 8 | 0x7f;
}

/* Whether a stopped task computes where it did, and its registers. */
static int computes(const struct ticked *task, struct user_regs_struct *registers) {
    return call(__NR_ptrace, PTRACE_GETREGS, (long)task->tid, 0, (long)registers) == 0 &&
           registers->rip >= task->low && registers->rip < task->high &&
           (long)registers->orig_rax < 0;
}

static int has_information(const struct ticked *task, information *found) {
    return call(__NR_ptrace, PTRACE_GETSIGINFO, (long)task->tid, 0, (long)found) == 0;
}

/* Whether a follower has messages of the leader to consume. */
static int is_behind(const struct tick *tick, const struct ticked *follower) {
    return word_at(follower->tail) != word_at(tick->head);
}

/* Whether a follower has consumed all messages, and waits in no call for more. */
static int is_level(const struct tick *tick, const struct ticked *follower) {
    return !is_behind(tick, follower) &&
           (word_at(follower->number) == 0 || word_at(follower->position) != word_at(tick->head));
}

static int all_are_level(struct tick *tick, long end_ns) {
    for (uint32_t i = 1; i < tick->variants; i++) {
        while (is_behind(tick, ticked(tick, i)) && now_ns() < end_ns) {
            __builtin_ia32_pause();
        }
        if (!is_level(tick, ticked(tick, i))) {
            return 0;
        }
    }
    return 1;
}

/* Whether the leader's signal is one of this clock's, and comes when and where it may. */
static int is_due(struct tick *tick, long now, information *found,
                  struct user_regs_struct *registers) {
    uint64_t since = (uint64_t)now - tick->since_ns;
    const struct ticked *leader = ticked(tick, 0);
    for (uint32_t i = 0; i < TICK_WATCHED; i++) {
        if (*(const volatile uint32_t *)tick->watched[2 * i] != tick->watched[2 * i + 1]) {
            return 0;
        }
    }
    return tick->count < TICK_DELAYS && (uint64_t)now >= tick->rest_ns && since < FREQUENT_NS &&
           (word_at(tick->calls) - tick->called) * CALLS_OFTEN_NS <= since &&
           computes(leader, registers) && has_information(leader, found) &&
           found->words[CODE] == tick->code &&
           ((int32_t)tick->code != SI_TIMER ||
            (found->words[TIMER] == tick->timer && found->values[VALUE / 2] == leader->value));
}

/* Whether a task has stopped, or ended, in time: its status. */
static int await(long tid, long begun_ns, uint32_t *status) {
    for (;;) {
        long found = call(__NR_wait4, tid, (long)status, __WALL | WNOHANG, 0);
        if (found) {
            return found == tid;
        }
        long spent_ns = now_ns() - begun_ns;
        if (spent_ns >= AWAITED_NS) {
            return 0;
        }
        if (spent_ns < POLLED_NS) {
            __builtin_ia32_pause();
            continue;
        }
        uint64_t wanted = 1UL << (SIGCHLD - 1);
        struct __kernel_timespec left = {0, AWAITED_NS - spent_ns};
        call(__NR_rt_sigtimedwait, (long)&wanted, 0, (long)&left, SIGNAL_SET_SIZE);
    }
}

static void keep_stop(struct ticks *ticks, uint64_t tid, uint32_t status) {
    ticks->waiting[2 * ticks->kept] = tid;
    ticks->waiting[2 * ticks->kept++ + 1] = status;
}

/* Stop every follower by the leader's signal; whether all have stopped where they may get it. */
static int summon(struct ticks *ticks, struct tick *tick) {
    int are_ready = 1;
    for (uint32_t i = 1; i < tick->variants; i++) {
        struct ticked *follower = ticked(tick, i);
        tick->summoned |= 1U << i;
        call(__NR_tgkill, (long)follower->process, (long)follower->tid, tick->signal, 0);
    }
    long begun_ns = now_ns();
    for (uint32_t i = 1; i < tick->variants; i++) {
        struct ticked *follower = ticked(tick, i);
        struct user_regs_struct registers;
        information found;
        uint32_t status = 0;
        if (await((long)follower->tid, begun_ns, &status)) {
            keep_stop(ticks, follower->tid, status);
        }
        are_ready &= status == stopped_by(tick) && computes(follower, &registers) &&
                     has_information(follower, &found) && (int32_t)found.words[CODE] == SI_TKILL &&
                     is_level(tick, follower);
        follower->stack = registers.rsp;
    }
    if (are_ready) {
        ticks->kept = 0;
        tick->summoned = 0;
    }
    return are_ready;
}

int tick_serve(struct ticks *ticks, long tid, uint32_t status) {
    struct tick *tick = (struct tick *)ticks->ticks;
    struct user_regs_struct registers;
    information found;
    uint32_t left = ticks->count;
    while (left && ((long)ticked(tick, 0)->tid != tid || status != stopped_by(tick))) {
        left--;
        tick++;
    }
    long begun_ns = left && !ticks->kept ? now_ns() : 0;
    if (!begun_ns || !is_due(tick, begun_ns, &found, &registers) ||
        !all_are_level(tick, begun_ns + BEHIND_NS) || !summon(ticks, tick)) {
        return 0;
    }
    ticked(tick, 0)->stack = registers.rsp;
    /* What fails from here on fails because the task has just been killed: its end is to come. */
    for (uint32_t i = 1; i < tick->variants; i++) {
        if ((int32_t)tick->code == SI_TIMER) {
            found.values[VALUE / 2] = ticked(tick, i)->value;
        }
        call(__NR_ptrace, PTRACE_SETSIGINFO, (long)ticked(tick, i)->tid, 0, (long)&found);
    }
    *(volatile uint32_t *)tick->level = LEVEL_CALLS;
    long done_ns = 0;
    for (uint32_t i = tick->variants; i--;) { /* the leader last: see Delivery in delivery.py */
        done_ns = now_ns();
        call(__NR_ptrace, PTRACE_CONT, (long)ticked(tick, i)->tid, 0, tick->signal);
    }
    long taken_ns = done_ns - begun_ns;
    tick->before_ns = tick->since_ns;
    tick->since_ns = (uint64_t)begun_ns;
    uint64_t rest_ns = (uint64_t)(done_ns + (taken_ns < REST_MOST_NS ? taken_ns : REST_MOST_NS));
    struct tick *others = (struct tick *)ticks->ticks;
    for (uint32_t i = 0; i < ticks->count; i++) {
        if ((long)ticked(&others[i], 0)->tid == tid) {
            others[i].rest_ns = rest_ns;
        }
    }
    tick->called = word_at(tick->calls);
    tick->delays_ns[tick->count++] = (uint32_t)taken_ns;
    return 1;
}

long tick_waiting(struct ticks *ticks, uint32_t *status) {
    if (!ticks->kept) {
        return 0;
    }
    long tid = (long)ticks->waiting[0];
    *status = (uint32_t)ticks->waiting[1];
    ticks->kept--;
    for (uint32_t i = 0; i < 2 * ticks->kept; i++) {
        ticks->waiting[i] = ticks->waiting[i + 2];
    }
    return tid;
}
