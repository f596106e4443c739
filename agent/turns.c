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
 */
#include <asm/unistd_64.h>
#include <linux/futex.h>

#include "agent.h"

enum {
    FREE = 0,
    TAKEN = 1,
    WANTED = 2,
    PATIENCE_NS = 4000000,
    PATIENCES_UNTIL_STALLED = 3,
    OVERTAKEN_MAX = 4,
    SPINNER_NS = 100000,
    NAP_NS = 50000,
    NAPS_DOUBLED_MAX = 6,
    ROBUST_ENTRIES_MAX = 2048
};

struct domain *turn_domain(void) {
    return (struct domain *)(uint64_t)(image_start + DOMAIN_OFFSET);
}

struct task *turn_task(uint32_t slot) {
    return (struct task *)(uint64_t)(image_start + TASKS_OFFSET + (uint64_t)slot * TASK_SLOT_SIZE);
}

static long sleep_on(const uint32_t *word, uint32_t value, int64_t nanoseconds) {
    struct {
        int64_t seconds, nanoseconds;
    } timeout = {0, nanoseconds};
    return plain(__NR_futex, (uint64_t)word, FUTEX_WAIT_PRIVATE, value,
                 nanoseconds ? (uint64_t)&timeout : 0, 0, 0);
}

static void wake(const uint32_t *word, uint32_t count) {
    plain(__NR_futex, (uint64_t)word, FUTEX_WAKE_PRIVATE, count, 0, 0, 0);
}

/* Leader: after a long wait others do not overtake any more; after a longer one the supervisor
 * looks at who computes all the time. Of who was found to spin nothing is expected. */
static void wait_in_line(struct domain *domain) {
    uint32_t patiences = 0;
    uint32_t lost = 0;
    while (__atomic_exchange_n(&domain->state, WANTED, __ATOMIC_ACQUIRE) != FREE) {
        int spins = turn_task(domain->holder % TASK_SLOTS)->spins > 0;
        uint32_t doubled = patiences < NAPS_DOUBLED_MAX ? patiences : NAPS_DOUBLED_MAX;
        long result =
            sleep_on(&domain->state, WANTED, spins ? (int64_t)SPINNER_NS << doubled : PATIENCE_NS);
        if (result != -110 /* ETIMEDOUT */ && ++lost < OVERTAKEN_MAX) {
            continue;
        }
        __atomic_store_n(&domain->starving, 1, __ATOMIC_RELEASE);
        if (result == -110 && (++patiences % PATIENCES_UNTIL_STALLED == 0 || spins)) {
            gate_control(REQUEST_STALLED, 0, 0, 0);
        }
    }
    if (__atomic_exchange_n(&domain->starving, 0, __ATOMIC_ACQ_REL)) {
        wake(&domain->starving, 0x7fffffff);
    }
}

/* Leader: wait for the turn and return its number. */
static uint64_t take(const struct task *task, struct domain *domain) {
    if (__atomic_load_n(&domain->starving, __ATOMIC_ACQUIRE)) {
        sleep_on(&domain->starving, 1, PATIENCE_NS / 2);
    }
    uint32_t expected = FREE;
    if (!__atomic_compare_exchange_n(&domain->state, &expected, TAKEN, 0, __ATOMIC_ACQUIRE,
                                     __ATOMIC_RELAXED)) {
        wait_in_line(domain);
    }
    domain->holder = task->slot;
    return ++domain->turn;
}

/* Follower: wait until it is this turn. */
static void await(struct task *task, struct domain *domain, uint64_t turn) {
    while (__atomic_load_n(&domain->turn, __ATOMIC_ACQUIRE) != turn) {
        __atomic_store_n(&task->wake, 0, __ATOMIC_RELAXED);
        __atomic_store_n(&domain->tickets[task->slot], turn, __ATOMIC_RELAXED);
        fence();
        if (__atomic_load_n(&domain->turn, __ATOMIC_ACQUIRE) != turn) {
            sleep_on(&task->wake, 0, 0);
        }
    }
    domain->tickets[task->slot] = 0;
}

/* Take the next turn (leader), or the turn with that number (followers). Returns its number; 0 for
 * a task that needs none. */
uint64_t turn_take(struct task *task, uint64_t turn) {
    if (!task->turns) {
        return 0;
    }
    if (is_leader(task)) {
        return take(task, turn_domain());
    }
    await(task, turn_domain(), turn);
    return turn;
}

void turn_release(struct task *task) {
    struct domain *domain = turn_domain();
    if (!task->turns) {
        return;
    }
    if (is_leader(task)) {
        if (__atomic_exchange_n(&domain->state, FREE, __ATOMIC_RELEASE) == WANTED) {
            wake(&domain->state, 1);
        }
        return;
    }
    uint64_t next = domain->turn + 1;
    __atomic_store_n(&domain->turn, next, __ATOMIC_RELEASE);
    fence();
    for (uint32_t slot = 0; slot < domain->slots && slot < TASK_SLOTS; slot++) {
        if (__atomic_load_n(&domain->tickets[slot], __ATOMIC_RELAXED) == next) {
            uint32_t *word = &turn_task(slot)->wake;
            __atomic_store_n(word, 1, __ATOMIC_RELEASE);
            wake(word, 1);
            return;
        }
    }
}

/* Follower: the leader gave its turn up for something that this variant does not do here. */
void turn_change(struct task *task, uint64_t turn) {
    if (turn) {
        turn_release(task);
        turn_take(task, turn);
    }
}

/* Whether the leader's thread gives its turn up for a call that may wait for somebody. */
int turn_is_released(const struct call *call) {
    const struct task *task = call->task;
    if (!task->turns || call->flags & FLAG_NO_RETURN ||
        (call->executor != EXECUTOR_LEADER && call->executor != EXECUTOR_EVERYONE)) {
        return 0;
    }
    if (!call->rule->blocks) {
        return 0;
    }
    uint8_t kept = descriptor_kept(task, (int32_t)call->arguments[0]);
    return !(call->flags & FLAG_DESCRIPTOR) || (kept != KEPT_MAPPED && kept != KEPT_UNSEEN);
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
    do {
        lane_peek(task, &message, sizeof message);
    } while (!(message.kind == MESSAGE_CALL && message.number == number) &&
             elastic_skip(call, &message));
    lane_skip(task, sizeof message);
    lane_acknowledge(task);
    if (message.kind == MESSAGE_SIGNAL) {
        turn_change(task, message.turn);
        call_signal(task, POINT_ENTRY);
    }
    if (message.kind != MESSAGE_CALL || message.number != number) {
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
    if (task->turns && __atomic_load_n(&turn_domain()->starving, __ATOMIC_RELAXED)) {
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
    struct domain *domain = turn_domain();
    if (!is_leader(task)) {
        turn_leave_too(call, (uint32_t)call->number);
        turn_follow(call);
        return;
    }
    if (__atomic_load_n(&domain->state, __ATOMIC_RELAXED) == WANTED) {
        __atomic_store_n(&domain->starving, 1, __ATOMIC_RELEASE);
    }
    turn_leave(call, (uint32_t)call->number);
    if (call->number == NUMBER_YIELD) {
        /* It spins: what it waits for may take others many turns. */
        sleep_on(&task->wake, task->wake, (int64_t)NAP_NS << task->spins);
        task->spins += task->spins < NAPS_DOUBLED_MAX;
    }
    uint64_t turn = turn_take(task, 0);
    call->pending = call->number != NUMBER_YIELD && task->pending;
    turn_publish(call, turn, 0);
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
    uint32_t dead = (word & FUTEX_WAITERS) | FUTEX_OWNER_DIED;
    program_copy((void *)address, &dead, sizeof dead);
    if (word & FUTEX_WAITERS) {
        futex_wake(task, address, 1, ~0U);
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
        futex_wake(task, task->clear_tid, 1, ~0U);
    }
    turn_release(task);
}
