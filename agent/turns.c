/*
 * Turns: of the threads that share a memory, one at a time runs program code in each variant.
 *
 * In the leader the turn is a lock: whoever comes first takes it, and counts it. The number goes
 * with the next message of the thread's lane. In a follower that number is a ticket: the thread
 * goes on when everybody before it has given the turn back. So the order is the leader's, whatever
 * the kernel's schedulers do.
 *
 * A thread gives its turn up before a call that may wait for somebody, and says so in the CALL
 * message; it takes the next one before it publishes the result. Two rules keep this free of
 * deadlocks. The leader publishes what came with a turn before it gives the turn up: so a follower
 * never waits for a ticket whose predecessors are unknown to their threads. And no thread of a
 * follower keeps its turn while it waits for a message that the leader's thread sends in a later
 * one.
 *
 * Turns are counted in a *domain*: one in each process, and one in the variant's arena for all
 * processes that share memory with others. A process joins that one before it could see what
 * another writes, and for good. Its tasks may end, or execute another program, in the middle of a
 * turn: the supervisor then frees the leader's, and marks the followers' as void (turns.py).
 */
#include <asm/signal.h>
#include <asm/unistd_64.h>
#include <linux/futex.h>
#include <linux/mman.h>
#include <linux/sched.h>

#include "agent.h"

enum {
    PATIENCE_NS = 4000000,
    PATIENCES_UNTIL_STALLED = 3,
    OVERTAKEN_MAX = 4,
    SPINNER_NS = 100000,
    NAP_NS = 50000,
    NAPS_DOUBLED_MAX = 6,
    RESTS_DOUBLED_MAX = 5,
    SLEEPERS = 32,
    ROBUST_ENTRIES_MAX = 2048
};
#define BETWEEN_BIT (1UL << 63) /* of a turn's number: it is one of the arena's domain */

static struct domain *own_domain(void) {
    return (struct domain *)(uint64_t)(image_start + DOMAIN_OFFSET);
}

static uint64_t arena_of(const struct task *task) {
    return (uint64_t)image_start + ARENAS_OFFSET + (uint64_t)task->variant * ARENA_SIZE;
}

static struct domain *domain_of(const struct task *task, int between) {
    return between ? (struct domain *)(arena_of(task) + SHARED_DOMAIN_OFFSET) : own_domain();
}

struct domain *turn_between(const struct task *task) {
    return domain_of(task, 1);
}

/* That of the task's turn. */
static struct domain *current_domain(const struct task *task) {
    return domain_of(task, task->between != 0);
}

/* By turn of the arena's domain. Leader: lane + 1 of who took it. Follower: the turn's number if it
 * is void. */
static uint32_t *owner_of(const struct task *task, uint64_t turn) {
    return (uint32_t *)(arena_of(task) + OWNERS_OFFSET) + turn % OWNERS;
}

struct task *turn_task(uint32_t slot) {
    return (struct task *)(uint64_t)(image_start + TASKS_OFFSET + (uint64_t)slot * TASK_SLOT_SIZE);
}

/* Another thread may join at any time: the compiler must look each time, too. */
int turn_is_joined(void) {
    return __atomic_load_n(&own_domain()->joined, __ATOMIC_ACQUIRE) != 0;
}

static void set_joined(void) {
    __atomic_store_n(&own_domain()->joined, 1, __ATOMIC_RELEASE);
}

/* Leader: whether this waiter tells the supervisor that a turn lasts. One does in each turn: for
 * hundreds of waiters the supervisor would have no time. */
static int is_teller(struct domain *domain, uint64_t turn, uint64_t *told) {
    uint64_t last = __atomic_load_n(&domain->told, __ATOMIC_RELAXED);
    if (last == turn) {
        return *told == turn;
    }
    if (!__atomic_compare_exchange_n(&domain->told, &last, turn, 0, __ATOMIC_RELAXED,
                                     __ATOMIC_RELAXED)) {
        return 0;
    }
    *told = turn;
    return 1;
}

/* Leader: after a long wait others do not overtake any more; after a longer one the supervisor
 * looks at who computes all the time. Of who was found to spin nothing is expected. Who is not to
 * tell of it looks less and less often, whether somebody else still does. */
static void wait_in_line(struct task *task, struct domain *domain) {
    uint32_t owner = task->lane + 1;
    uint32_t patiences = 0;
    uint32_t lost = 0;
    uint32_t rests = 0;
    uint64_t told = 0;
    uint32_t seen;
    while ((seen = lock_ask(&domain->state, owner | LOCK_WANTED))) {
        int spins = domain->spins != 0;
        uint32_t doubled = patiences < NAPS_DOUBLED_MAX ? patiences : NAPS_DOUBLED_MAX;
        uint64_t turn = __atomic_load_n(&domain->turn, __ATOMIC_RELAXED);
        long result =
            word_sleep(&domain->state, seen | LOCK_WANTED, 0,
                       spins ? (uint64_t)SPINNER_NS << doubled : (uint64_t)PATIENCE_NS << rests);
        if (result != -110 /* ETIMEDOUT */ && ++lost < OVERTAKEN_MAX) {
            continue;
        }
        __atomic_store_n(&domain->starving, 1, __ATOMIC_RELEASE);
        if (result != -110 || (++patiences % PATIENCES_UNTIL_STALLED && !spins)) {
            continue;
        }
        if (turn != __atomic_load_n(&domain->turn, __ATOMIC_RELAXED)) {
            rests = 0; /* somebody else has it now */
        } else if (rests == RESTS_DOUBLED_MAX || is_teller(domain, turn, &told)) {
            rests = 0;
            gate_control(REQUEST_STALLED, 0, 0, 0);
        } else {
            rests++;
        }
    }
    if (__atomic_exchange_n(&domain->starving, 0, __ATOMIC_ACQ_REL)) {
        word_wake(&domain->starving, EVERYBODY, 0);
    }
    attempt_learn(task, patiences != 0);
}

/* Leader: wait for the turn and return its number. The process may join others meanwhile. */
static uint64_t take(struct task *task) {
    for (;;) {
        int between = turn_is_joined();
        struct domain *domain = domain_of(task, between);
        uint32_t starving = __atomic_load_n(&domain->starving, __ATOMIC_ACQUIRE);
        if (starving) {
            word_sleep(&domain->starving, 1, 0, PATIENCE_NS / 2);
        }
        if (lock_ask(&domain->state, task->lane + 1)) {
            wait_in_line(task, domain);
        } else if (starving) {
            /* Nobody has come meanwhile: who starved is gone, or waits again from the beginning. */
            __atomic_store_n(&domain->starving, 0, __ATOMIC_RELEASE);
        }
        if (between != turn_is_joined()) {
            lock_give(&domain->state);
            continue;
        }
        domain->spins = task->spins > 0;
        task->between = (uint32_t)between;
        uint64_t turn = domain->turn + 1;
        if (between) {
            *owner_of(task, turn) = task->lane + 1;
        }
        __atomic_store_n(&domain->turn, turn, __ATOMIC_RELEASE);
        return between ? turn | BETWEEN_BIT : turn;
    }
}

/* Follower: it is the turn of whoever has this number; wake it if it sleeps. */
static void announce(struct domain *domain, uint64_t turn) {
    uint32_t bit = 1U << turn % SLEEPERS;
    __atomic_add_fetch(&domain->events, 1, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&domain->sleepers, __ATOMIC_RELAXED) & bit) {
        __atomic_and_fetch(&domain->sleepers, ~bit, __ATOMIC_RELAXED);
        word_wake(&domain->events, EVERYBODY, bit);
    }
}

/* Follower: pass over the turns of tasks that are gone. */
static void pass_void(const struct task *task, struct domain *domain) {
    uint64_t turn = __atomic_load_n(&domain->turn, __ATOMIC_ACQUIRE);
    while (*(const volatile uint32_t *)owner_of(task, turn) == (uint32_t)turn) {
        if (__atomic_compare_exchange_n(&domain->turn, &turn, turn + 1, 0, __ATOMIC_ACQ_REL,
                                        __ATOMIC_ACQUIRE)) {
            announce(domain, ++turn);
        }
    }
}

/* Follower: the turns that this process counted alone come before all that it shares. */
static void await_joining(void) {
    struct domain *domain = own_domain();
    for (;;) {
        uint32_t events = __atomic_load_n(&domain->events, __ATOMIC_ACQUIRE);
        if (turn_is_joined()) {
            return;
        }
        word_sleep(&domain->events, events, 0, 0);
    }
}

/* Follower: this process has come to the end of the turns that it counts alone. */
static void announce_joining(void) {
    struct domain *domain = own_domain();
    set_joined();
    __atomic_add_fetch(&domain->events, 1, __ATOMIC_SEQ_CST);
    word_wake(&domain->events, EVERYBODY, 0);
}

/* Follower: wait until it is this turn. */
static void await(struct task *task, uint64_t number) {
    int between = (number & BETWEEN_BIT) != 0;
    uint64_t turn = number & ~BETWEEN_BIT;
    uint32_t bit = 1U << turn % SLEEPERS;
    struct domain *domain = domain_of(task, between);
    if (between) {
        await_joining();
    }
    for (;;) {
        uint32_t events = __atomic_load_n(&domain->events, __ATOMIC_ACQUIRE);
        if (between) {
            pass_void(task, domain);
        }
        if (__atomic_load_n(&domain->turn, __ATOMIC_ACQUIRE) == turn) {
            break;
        }
        __atomic_or_fetch(&domain->sleepers, bit, __ATOMIC_SEQ_CST);
        word_sleep(&domain->events, events, bit, 0);
    }
    task->between = (uint32_t)between;
}

/* Take the next turn (leader), or the turn with that number (followers). Returns its number; 0 for
 * a task that needs none. */
uint64_t turn_take(struct task *task, uint64_t turn) {
    if (!task->turns) {
        return 0;
    }
    if (is_leader(task)) {
        return take(task);
    }
    await(task, turn);
    return turn;
}

void turn_release(struct task *task) {
    if (!task->turns) {
        return;
    }
    struct domain *domain = current_domain(task);
    if (is_leader(task)) {
        /* Not so only for who took over from a leader that had given its turn up (takeover.py). */
        if ((domain->state & ~LOCK_WANTED) == task->lane + 1) {
            lock_give(&domain->state);
        }
        return;
    }
    uint64_t next = domain->turn + 1;
    __atomic_store_n(&domain->turn, next, __ATOMIC_RELEASE);
    announce(domain, next);
    if (task->between) {
        pass_void(task, domain);
    }
}

/* Follower: the leader gave its turn up for something that this variant does not do here. */
void turn_change(struct task *task, uint64_t turn) {
    if (turn) {
        turn_release(task);
        turn_take(task, turn);
    }
}

/* Whether a call sends a signal that stops a process, maybe this one: it returns when that goes on.
 */
static int stops_somebody(const struct call *call) {
    uint64_t number;
    switch (call->number) {
    case __NR_kill:
    case __NR_tkill:
    case __NR_rt_sigqueueinfo:
    case __NR_pidfd_send_signal:
        number = call->arguments[1];
        break;
    case __NR_tgkill:
    case __NR_rt_tgsigqueueinfo:
        number = call->arguments[2];
        break;
    default:
        return 0;
    }
    return (int32_t)number >= SIGSTOP && (int32_t)number <= SIGTTOU;
}

/* Whether the leader's thread gives its turn up for a call that may wait for somebody. Nobody waits
 * for the content of a regular file, but for a lock on it. */
int turn_is_released(const struct call *call) {
    const struct task *task = call->task;
    if (!task->turns || call->flags & FLAG_NO_RETURN ||
        (call->executor != EXECUTOR_LEADER && call->executor != EXECUTOR_EVERYONE)) {
        return 0;
    }
    if (!call->rule->blocks) {
        return stops_somebody(call);
    }
    if (!(call->flags & FLAG_DESCRIPTOR) || call->number == __NR_flock ||
        call->number == __NR_fcntl) {
        return 1;
    }
    uint8_t kept = descriptor_kept(task, (int32_t)call->arguments[0]);
    return kept != KEPT_MAPPED && kept != KEPT_UNSEEN;
}

/* Leader: say that the thread gives its turn up for a call, then do it. */
void turn_leave(struct call *call, uint32_t number) {
    struct task *task = call->task;
    struct message message = {.kind = MESSAGE_CALL, .number = number, .released = 1};
    copy(message.arguments, call->arguments, sizeof message.arguments);
    lane_put(task, &message, sizeof message);
    lane_publish(task);
    turn_release(task);
}

/* Follower: the leader's thread gives its turn up for that call; so does this one. */
void turn_leave_too(struct call *call, uint32_t number) {
    struct task *task = call->task;
    struct message message;
    int comes = elastic_come_to(call, number, &message);
    lane_skip(task, sizeof message);
    lane_acknowledge(task);
    if (message.kind == MESSAGE_SIGNAL) {
        turn_change(task, message.turn);
        call_signal(task, POINT_ENTRY);
    }
    if (!comes) {
        call_diverged(call, DIVERGENCE_CALL, 0, 0);
    }
    turn_release(task);
}

/* Leader: tell the followers which turn the thread has, with what result it waited, and whether a
 * signal comes with that (call->pending). */
void turn_publish(const struct call *call, uint64_t turn, int64_t result) {
    struct message message = {.kind = MESSAGE_TURN,
                              .result = (uint64_t)result,
                              .flags = call->pending ? RESULT_SIGNAL : 0,
                              .turn = turn};
    lane_put(call->task, &message, sizeof message);
    lane_publish(call->task);
}

/* Leader: others have waited long, so they go first. Not during the call: what it changes in the
 * process would then be changed in another order in the followers, which make it in their turns. */
void turn_let_others(struct call *call) {
    struct task *task = call->task;
    const struct domain *domain = current_domain(task);
    if (task->turns && __atomic_load_n(&domain->starving, __ATOMIC_RELAXED)) {
        turn_leave(call, NUMBER_YIELD);
        turn_publish(call, turn_take(task, 0), 0);
    }
}

/* Follower: the leader's message of its turn, or of a signal, when that turn has come. */
struct message turn_follow(struct call *call) {
    struct task *task = call->task;
    struct message message;
    lane_get(task, &message, sizeof message);
    lane_acknowledge(task);
    if (message.kind != MESSAGE_TURN && message.kind != MESSAGE_SIGNAL) {
        call_diverged(call, DIVERGENCE_INTEGRITY, 0, message.kind);
    }
    turn_take(task, message.turn);
    call->pending = message.kind == MESSAGE_TURN && message.flags & RESULT_SIGNAL;
    return message;
}

/* Let somebody else go first. */
void turn_yield(struct call *call) {
    struct task *task = call->task;
    if (!is_leader(task)) {
        turn_leave_too(call, (uint32_t)call->number);
        turn_follow(call);
        return;
    }
    struct domain *domain = current_domain(task);
    if (__atomic_load_n(&domain->state, __ATOMIC_RELAXED) & LOCK_WANTED) {
        __atomic_store_n(&domain->starving, 1, __ATOMIC_RELEASE);
    }
    turn_leave(call, (uint32_t)call->number);
    if (call->number == NUMBER_YIELD) {
        /* It spins: what it waits for may take others many turns. */
        word_sleep(&task->wake, task->wake, 0, (uint64_t)NAP_NS << task->spins);
        task->spins += task->spins < NAPS_DOUBLED_MAX;
    }
    uint64_t turn = turn_take(task, 0);
    call->pending = call->number != NUMBER_YIELD && task->pending;
    turn_publish(call, turn, 0);
}

/* Whether a child shares memory with this process: all of it, without being a thread, or some. A
 * child of vfork does not run beside its parent. */
static int is_sharing(uint64_t flags) {
    if (flags & CLONE_VM) {
        return !(flags & (CLONE_THREAD | CLONE_VFORK));
    }
    return futex_shared() != 0;
}

/* Whether a process must join others before the call: memory is mapped that others may map, or
 * a child will share some. */
static int is_joining(const struct call *call) {
    switch (call->number) {
    case __NR_mmap:
        return (call->arguments[3] & (MAP_SHARED | MAP_ANONYMOUS)) == MAP_SHARED &&
               call->arguments[2] & PROT_WRITE;
    case __NR_shmat:
        return 1;
    case __NR_fork:
        return is_sharing(0);
    case __NR_clone:
        return is_sharing(call->arguments[0]);
    case __NR_clone3: {
        uint64_t flags = 0;
        return !program_copy(&flags, (const void *)call->arguments[0], sizeof flags) &&
               is_sharing(flags);
    }
    }
    return 0;
}

/* From here on the tasks of this process take their turns with those of others. */
void turn_join(struct call *call) {
    struct task *task = call->task;
    if (!task->joins || turn_is_joined() || !is_joining(call)) {
        return;
    }
    lane_begin(task);
    if (is_leader(task)) {
        set_joined();
        turn_leave(call, NUMBER_JOIN);
        task->turns = 1;
        turn_publish(call, take(task), 0);
    } else {
        turn_leave_too(call, NUMBER_JOIN);
        announce_joining();
        task->turns = 1;
        turn_follow(call);
    }
    gate_control(REQUEST_JOINED, 0, 0, 0);
}

/* A new thread waits for its first turn. */
void turn_start(struct call *call) {
    struct task *task = call->task;
    if (is_leader(task)) {
        turn_publish(call, turn_take(task, 0), 0);
        return;
    }
    turn_follow(call);
}

struct robust_head {
    uint64_t next;
    int64_t offset;
    uint64_t pending;
};

static void owner_died(struct task *task, uint64_t entry, int64_t offset) {
    uint64_t address = (entry & ~1UL) + (uint64_t)offset;
    uint32_t word;
    if (program_copy(&word, (const void *)address, sizeof word) ||
        (word & FUTEX_TID_MASK) != task->tid) {
        return;
    }
    int inherits = entry & 1 && !futex_is_shared(address);
    uint32_t waiters = inherits ? futex_hand_over(task, address) : word & FUTEX_WAITERS;
    uint32_t dead = waiters | FUTEX_OWNER_DIED;
    program_copy((void *)address, &dead, sizeof dead);
    if (word & FUTEX_WAITERS && !inherits) {
        futex_released(task, address);
    }
}

/* As the kernel does at the end of a thread (exit_robust_list in kernel/futex/core.c). */
static void release_robust(struct task *task) {
    struct robust_head *place = NULL;
    struct robust_head head;
    uint64_t size = 0;
    if (plain(__NR_get_robust_list, 0, (uint64_t)&place, (uint64_t)&size, 0, 0, 0) || !place ||
        program_copy(&head, place, sizeof head)) {
        return;
    }
    uint64_t entry = head.next;
    for (int count = 0; (entry & ~1UL) != (uint64_t)place && count < ROBUST_ENTRIES_MAX; count++) {
        uint64_t next;
        if (program_copy(&next, (const void *)(entry & ~1UL), sizeof next)) {
            break;
        }
        if (entry != head.pending) {
            owner_died(task, entry, head.offset);
        }
        entry = next;
    }
    if (head.pending) {
        owner_died(task, head.pending, head.offset);
    }
    plain(__NR_set_robust_list, 0, sizeof head, 0, 0, 0, 0);
}

/* A thread ends: what the kernel would do to the program's memory at some time after it is done
 * now, in the thread's last turn. */
void turn_end(struct task *task) {
    if (!task->turns) {
        return;
    }
    release_robust(task);
    if (task->clear_tid) {
        uint32_t nobody = 0;
        plain(__NR_set_tid_address, 0, 0, 0, 0, 0, 0);
        program_copy((void *)task->clear_tid, &nobody, sizeof nobody);
        futex_released(task, task->clear_tid);
    }
    turn_release(task);
}
