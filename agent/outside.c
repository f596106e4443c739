/*
 * futex(2) in memory that other processes share, and in a process without turns: the queue of
 * waiters is the kernel's, in the leader, and the leader's result is everybody's.
 *
 * Where the processes take turns, the word is the same in all variants, and there is no more to it.
 * What the kernel itself would do to the word is done by each variant. Where they do not take
 * turns, a follower waits until its own word has changed.
 */
#include <asm/unistd_64.h>
#include <linux/futex.h>

#include "agent.h"

enum {
    EPERM = 1,
    EAGAIN = 11,
    EFAULT = 14,
    EDEADLK = 35,
    ETIMEDOUT = 110,
    OWN_WAIT_S = 2,
};

/* What the kernel does at the end of a thread: wake one that waits for the word. */
void futex_released(const struct task *task, uint64_t address) {
    if (!futex_is_shared(address)) {
        futex_wake(task, address, 1, ~0U);
    } else if (is_leader(task)) {
        plain(__NR_futex, address, FUTEX_WAKE, 1, 0, 0, 0);
    }
}

/* A follower's process waits for what the leader's did not wait for in vain: its own word changes
 * when its own copy of the other process comes that far. */
static int64_t own_wait(const struct call *call, uint32_t operation) {
    struct futex_time timeout = {OWN_WAIT_S, 0};
    uint64_t arguments[ARGUMENTS_MAX];
    copy(arguments, call->arguments, sizeof arguments);
    arguments[3] = (uint64_t)&timeout;
    if (operation == FUTEX_WAIT_BITSET) {
        arguments[1] -= FUTEX_WAIT_BITSET - FUTEX_WAIT;
        arguments[1] &= ~(uint64_t)FUTEX_CLOCK_REALTIME;
    }
    int64_t result = gate_plain(__NR_futex, arguments);
    return result == -ETIMEDOUT ? 0 : result;
}

/* Follower: the leader's wait is over, and the turn is this thread's. */
static int64_t result_with_turn(struct call *call) {
    struct message message = turn_follow(call);
    if (message.kind == MESSAGE_SIGNAL) {
        call_signal(call->task, message.number);
    }
    return (int64_t)message.result;
}

/* How often variants wait for another process depends on how far that is: a wait that only one of
 * them makes is no divergence. */
static int64_t follow_outside(struct call *call, uint32_t operation) {
    struct task *task = call->task;
    struct message message;
    if (task->passed) {
        int64_t result = (int64_t)task->passed_results[0];
        copy(task->passed_results, task->passed_results + 1, sizeof result * --task->passed);
        return result;
    }
    if (!elastic_come_to(call, NUMBER_OUTSIDE, &message)) {
        return own_wait(call, operation);
    }
    lane_skip(task, sizeof message);
    turn_release(task);
    lane_peek(task, &message, sizeof message);
    if (message.kind == MESSAGE_TURN &&
        (message.result == 0 || (int64_t)message.result == -EAGAIN)) {
        own_wait(call, operation);
    }
    return result_with_turn(call);
}

/* Leader: wait outside the turn. */
static int64_t lead_outside(struct call *call, const uint64_t *arguments) {
    struct task *task = call->task;
    turn_leave(call, NUMBER_OUTSIDE);
    task->interrupted = 0;
    int64_t result = gate_interruptible(__NR_futex, arguments);
    uint64_t turn = turn_take(task, 0);
    if (task->interrupted) {
        call_interrupted(task, turn);
    }
    call->pending = task->pending;
    turn_publish(call, turn, result);
    return result;
}

/* Between processes that do not take turns, or without turns. */
int64_t outside_call(struct call *call, uint32_t operation) {
    if (!futex_waits(operation)) {
        return gate_plain(__NR_futex, call->arguments);
    }
    return is_leader(call->task) ? lead_outside(call, call->arguments)
                                 : follow_outside(call, operation);
}

/* Follower: come to the leader's message with that pseudo number. */
static struct message come_to(struct call *call, uint32_t number) {
    struct message message;
    if (!elastic_come_to(call, number, &message)) {
        call_diverged(call, DIVERGENCE_CALL, 0, 0);
    }
    lane_skip(call->task, sizeof message);
    return message;
}

static void take_result(struct call *call) {
    struct message message = come_to(call, NUMBER_FUTEX);
    lane_acknowledge(call->task);
    call->pending = message.flags & RESULT_SIGNAL;
    call->result = (int64_t)message.result;
}

/* The leader makes a call that does not wait; its result is everybody's. */
static void agree(struct call *call) {
    if (is_leader(call->task)) {
        turn_let_others(call);
        call->result = gate_plain(__NR_futex, call->arguments);
        futex_publish(call);
    } else {
        take_result(call);
    }
}

/* Wait outside the turn, which is ours again on return. */
static int64_t wait_outside(struct call *call, const uint64_t *arguments) {
    struct task *task = call->task;
    if (is_leader(task)) {
        return lead_outside(call, arguments);
    }
    come_to(call, NUMBER_OUTSIDE);
    turn_release(task);
    return result_with_turn(call);
}

/* FUTEX_WAKE_OP: the kernel changes the leader's word. */
static void change_word(struct call *call) {
    uint32_t old;
    uint32_t changed;
    if (!is_leader(call->task) && !is_error(call->result) &&
        !program_copy(&old, (const void *)call->arguments[4], sizeof old) &&
        !futex_changed((uint32_t)call->arguments[5], old, &changed)) {
        program_copy((void *)call->arguments[4], &changed, sizeof changed);
    }
}

/*
 * A lock with priority inheritance. The kernel would say in the word that somebody waits, at any
 * time, and hand the lock over: here whoever wants the lock says so in its turn, and takes it when
 * it finds it free. Nobody inherits a priority.
 */
static int64_t own_word(struct call *call, uint32_t operation, const struct futex_time *timeout) {
    void *address = (void *)call->arguments[0];
    uint32_t clock = operation == FUTEX_LOCK_PI
                         ? FUTEX_CLOCK_REALTIME
                         : (uint32_t)call->arguments[1] & FUTEX_CLOCK_REALTIME;
    uint32_t waited = 0;
    for (;;) {
        uint32_t word;
        if (program_copy(&word, address, sizeof word)) {
            return -EFAULT;
        }
        uint32_t owner = word & FUTEX_TID_MASK;
        if (owner == call->task->tid) {
            return -EDEADLK;
        }
        if (owner && operation == FUTEX_TRYLOCK_PI) {
            return -EAGAIN;
        }
        word |= owner ? FUTEX_WAITERS : call->task->tid | waited;
        if (program_copy(address, &word, sizeof word)) {
            return -EFAULT;
        }
        if (!owner) {
            return 0;
        }
        uint64_t arguments[ARGUMENTS_MAX] = {
            (uint64_t)address, FUTEX_WAIT_BITSET | clock, word, (uint64_t)timeout, 0, ~0U};
        if (wait_outside(call, arguments) == -ETIMEDOUT) {
            return -ETIMEDOUT;
        }
        waited = FUTEX_WAITERS;
    }
}

static int64_t give_word(const struct call *call) {
    void *address = (void *)call->arguments[0];
    uint32_t word;
    if (program_copy(&word, address, sizeof word)) {
        return -EFAULT;
    }
    if ((word & FUTEX_TID_MASK) != call->task->tid) {
        return -EPERM;
    }
    uint32_t nobody = 0;
    if (program_copy(address, &nobody, sizeof nobody)) {
        return -EFAULT;
    }
    if (is_leader(call->task)) {
        plain(__NR_futex, (uint64_t)address, FUTEX_WAKE, 1, 0, 0, 0);
    }
    return 0;
}

/* What each variant does by itself, in the same turn, with the same result. */
static void lock_or_unlock(struct call *call, uint32_t operation,
                           const struct futex_time *timeout) {
    int leads = is_leader(call->task);
    if (leads) {
        turn_let_others(call);
    }
    call->result =
        operation == FUTEX_UNLOCK_PI ? give_word(call) : own_word(call, operation, timeout);
    if (leads) {
        futex_publish(call);
        return;
    }
    int64_t result = call->result;
    take_result(call);
    if (call->result != result) {
        call_diverged(call, DIVERGENCE_ORDER, 0, result);
    }
}

/* Between processes that take turns. */
int64_t joined_call(struct call *call, uint32_t operation, const struct futex_time *timeout) {
    switch (operation) {
    case FUTEX_LOCK_PI:
    case FUTEX_LOCK_PI2:
    case FUTEX_TRYLOCK_PI:
    case FUTEX_UNLOCK_PI:
        lock_or_unlock(call, operation, timeout);
        break;
    case FUTEX_WAIT:
    case FUTEX_WAIT_BITSET:
        call->result = wait_outside(call, call->arguments);
        break;
    default:
        agree(call);
    }
    if (operation == FUTEX_WAKE_OP) {
        change_word(call);
    }
    return call->result;
}
