/*
 * futex(2) between threads that take turns: the queue of waiters is kept here, in every variant, so
 * that who is woken and what a call returns follows from the order of turns alone. The kernel only
 * lets the leader's threads sleep; its clock and signals end a wait in the leader, and the thread's
 * next message says so. (kernel/futex/waitwake.c, requeue.c and pi.c of Linux 6.18.)
 *
 * A futex that other processes share stays the kernel's, and so does every futex of a process
 * without turns: the leader's result is everybody's, and a follower waits until its own word has
 * changed.
 */
#include <asm/unistd_64.h>
#include <linux/futex.h>

#include "agent.h"

enum {
    EPERM = 1,
    EINTR = 4,
    EAGAIN = 11,
    EFAULT = 14,
    EINVAL = 22,
    EDEADLK = 35,
    ENOSYS = 38,
    ETIMEDOUT = 110,
    BILLION = 1000000000,
    OWN_WAIT_S = 2,
    OPERATION_MAX = 12
};

struct time {
    int64_t seconds, nanoseconds;
};

static void enqueue(struct task *task, uint64_t address, uint32_t bits) {
    struct domain *domain = turn_domain();
    uint32_t self = task->slot + 1;
    task->futex_address = address;
    task->futex_bits = bits;
    task->futex_next = 0;
    task->futex_previous = domain->last;
    if (domain->last) {
        turn_task(domain->last - 1)->futex_next = self;
    } else {
        domain->first = self;
    }
    domain->last = self;
}

static void dequeue(struct task *task) {
    struct domain *domain = turn_domain();
    if (task->futex_previous) {
        turn_task(task->futex_previous - 1)->futex_next = task->futex_next;
    } else {
        domain->first = task->futex_next;
    }
    if (task->futex_next) {
        turn_task(task->futex_next - 1)->futex_previous = task->futex_previous;
    } else {
        domain->last = task->futex_previous;
    }
    task->futex_address = 0;
}

static struct task *next_waiter(const struct task *after, uint64_t address) {
    uint32_t number = after ? after->futex_next : turn_domain()->first;
    while (number) {
        struct task *waiter = turn_task(number - 1);
        if (waiter->futex_address == address) {
            return waiter;
        }
        number = waiter->futex_next;
    }
    return NULL;
}

static void rouse(const struct task *task, struct task *waiter) {
    dequeue(waiter);
    if (is_leader(task)) {
        __atomic_store_n(&waiter->wake, 1, __ATOMIC_RELEASE);
        plain(__NR_futex, (uint64_t)&waiter->wake, FUTEX_WAKE_PRIVATE, 1, 0, 0, 0);
    }
}

/* Wake waiters in the order in which they came; returns how many. */
int64_t futex_wake(const struct task *task, uint64_t address, uint32_t count, uint32_t bits) {
    int64_t woken = 0;
    int64_t wanted = (int32_t)count > 0 ? (int32_t)count : 1; /* as the kernel does */
    struct task *waiter = next_waiter(NULL, address);
    while (waiter && woken < wanted) {
        struct task *next = next_waiter(waiter, address);
        if (waiter->futex_bits & bits) {
            rouse(task, waiter);
            woken++;
        }
        waiter = next;
    }
    return woken;
}

static int64_t requeue(const struct task *task, uint64_t from, uint64_t to, uint32_t wake_count,
                       uint32_t move_count) {
    int64_t done = 0;
    struct task *waiter = next_waiter(NULL, from);
    while (waiter && done < (int64_t)wake_count + move_count) {
        struct task *next = next_waiter(waiter, from);
        if (done < wake_count) {
            rouse(task, waiter);
        } else {
            uint32_t bits = waiter->futex_bits;
            dequeue(waiter);
            enqueue(waiter, to, bits);
        }
        done++;
        waiter = next;
    }
    return done;
}

/* FUTEX_WAKE_OP: change the second word, wake at the first, and at the second if its old value
 * says so. */
static int64_t wake_operation(const struct task *task, const uint64_t *arguments) {
    uint32_t encoded = (uint32_t)arguments[5];
    int32_t operand = (int32_t)(encoded << 8) >> 20;
    int32_t compared = (int32_t)(encoded << 20) >> 20;
    uint32_t operation = encoded >> 28 & 7;
    int32_t old;
    if (program_copy(&old, (const void *)arguments[4], sizeof old)) {
        return -EFAULT;
    }
    uint32_t value = encoded >> 31 ? 1U << (operand & 31) : (uint32_t)operand;
    uint32_t changed = (uint32_t)old;
    switch (operation) {
    case FUTEX_OP_SET:
        changed = value;
        break;
    case FUTEX_OP_ADD:
        changed += value;
        break;
    case FUTEX_OP_OR:
        changed |= value;
        break;
    case FUTEX_OP_ANDN:
        changed &= ~value;
        break;
    case FUTEX_OP_XOR:
        changed ^= value;
        break;
    default:
        return -ENOSYS;
    }
    if (program_copy((void *)arguments[4], &changed, sizeof changed)) {
        return -EFAULT;
    }
    int holds;
    switch (encoded >> 24 & 15) {
    case FUTEX_OP_CMP_EQ:
        holds = old == compared;
        break;
    case FUTEX_OP_CMP_NE:
        holds = old != compared;
        break;
    case FUTEX_OP_CMP_LT:
        holds = old < compared;
        break;
    case FUTEX_OP_CMP_LE:
        holds = old <= compared;
        break;
    case FUTEX_OP_CMP_GT:
        holds = old > compared;
        break;
    case FUTEX_OP_CMP_GE:
        holds = old >= compared;
        break;
    default:
        return -ENOSYS;
    }
    int64_t woken = futex_wake(task, arguments[0], (uint32_t)arguments[2], ~0U);
    if (holds) {
        woken += futex_wake(task, arguments[4], (uint32_t)arguments[3], ~0U);
    }
    return woken;
}

/* Leader: sleep until somebody wakes us, the time is over or a signal comes. Relative times end
 * when the kernel's own would. */
static int64_t sleep(struct task *task, uint32_t operation, const struct time *timeout) {
    uint64_t arguments[ARGUMENTS_MAX] = {
        (uint64_t)&task->wake, operation | FUTEX_PRIVATE_FLAG, 0, (uint64_t)timeout, 0, ~0U};
    for (;;) {
        if (__atomic_load_n(&task->wake, __ATOMIC_ACQUIRE)) {
            return 0;
        }
        int64_t result = gate_interruptible(__NR_futex, arguments);
        if (task->interrupted || result == -ETIMEDOUT) {
            return result;
        }
    }
}

/* Wait in the queue for another thread of this process. The turn is ours again on return. */
static int64_t wait_for_turn(struct call *call, uint32_t operation, uint64_t address, uint32_t bits,
                             const struct time *timeout) {
    struct task *task = call->task;
    call->released = 1;
    enqueue(task, address, bits);
    if (!is_leader(task)) {
        turn_leave_too(call, __NR_futex);
        struct message message = turn_follow(call);
        int woken = task->futex_address == 0;
        if (!woken) {
            dequeue(task);
        }
        if (message.kind == MESSAGE_SIGNAL) {
            call_signal(task, message.number);
        }
        if (woken != (message.result == 0)) {
            call_diverged(call, DIVERGENCE_ORDER, 0, (long)message.result);
        }
        return (int64_t)message.result;
    }
    task->wake = 0;
    task->interrupted = 0;
    turn_leave(call, __NR_futex);
    int64_t result = sleep(task, operation, timeout);
    uint64_t turn = turn_take(task, 0);
    if (task->futex_address == 0) {
        result = 0;
        task->interrupted = 0;
    } else {
        dequeue(task);
        if (task->interrupted) {
            call_interrupted(task, turn);
        }
    }
    call->pending = task->pending;
    turn_publish(call, turn, result);
    return result;
}

static int64_t lock_pi(struct call *call, uint32_t operation, const struct time *timeout) {
    uint64_t address = call->arguments[0];
    uint32_t word;
    if (program_copy(&word, (const void *)address, sizeof word)) {
        return -EFAULT;
    }
    if ((word & FUTEX_TID_MASK) == call->task->tid) {
        return -EDEADLK;
    }
    int is_free = !(word & FUTEX_TID_MASK);
    if (!is_free && operation == FUTEX_TRYLOCK_PI) {
        return -EAGAIN;
    }
    uint32_t owned = (word & FUTEX_OWNER_DIED) | (is_free ? call->task->tid : word) |
                     (is_free && !next_waiter(NULL, address) ? 0 : FUTEX_WAITERS);
    if (program_copy((void *)address, &owned, sizeof owned)) {
        return -EFAULT;
    }
    uint32_t clock = operation == FUTEX_LOCK_PI ? FUTEX_CLOCK_REALTIME : 0;
    clock |= (uint32_t)call->arguments[1] & FUTEX_CLOCK_REALTIME;
    return is_free ? 0 : wait_for_turn(call, FUTEX_WAIT_BITSET | clock, address, 0, timeout);
}

static int64_t unlock_pi(const struct call *call) {
    uint64_t address = call->arguments[0];
    uint32_t word;
    if (program_copy(&word, (const void *)address, sizeof word)) {
        return -EFAULT;
    }
    if ((word & FUTEX_TID_MASK) != call->task->tid) {
        return -EPERM;
    }
    struct task *heir = next_waiter(NULL, address);
    uint32_t owned = 0;
    if (heir) {
        rouse(call->task, heir);
        owned = heir->tid | (next_waiter(NULL, address) ? FUTEX_WAITERS : 0);
    }
    return program_copy((void *)address, &owned, sizeof owned) ? -EFAULT : 0;
}

/* Whether the kernel keeps the queue: the memory is shared with other processes. */
static int is_outside(const struct call *call) {
    const struct domain *domain = turn_domain();
    if (!call->task->turns) {
        return 1;
    }
    if (call->arguments[1] & FUTEX_PRIVATE_FLAG) {
        return 0;
    }
    for (uint32_t index = 0; index < domain->shared && index < SHARED_RANGES; index++) {
        if (call->arguments[0] >= domain->ranges[2 * index] &&
            call->arguments[0] < domain->ranges[2 * index + 1]) {
            return 1;
        }
    }
    return 0;
}

static int is_wait(uint32_t operation) {
    return operation == FUTEX_WAIT || operation == FUTEX_WAIT_BITSET ||
           operation == FUTEX_LOCK_PI || operation == FUTEX_LOCK_PI2;
}

/* A follower's process waits for what the leader's did not wait for in vain: its own word changes
 * when its own copy of the other process comes that far. */
static int64_t own_wait(const struct call *call, uint32_t operation) {
    struct time timeout = {OWN_WAIT_S, 0};
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

/* How often variants wait for another process depends on how far that is: a wait that only one of
 * them makes is no divergence. */
static int64_t follow_outside(struct call *call, uint32_t operation) {
    struct task *task = call->task;
    struct message message;
    for (;;) {
        lane_peek(task, &message, sizeof message);
        if (message.kind == MESSAGE_CALL && message.number == NUMBER_OUTSIDE) {
            break;
        }
        if (!elastic_skip(call, &message)) {
            return own_wait(call, operation);
        }
    }
    lane_skip(task, sizeof message);
    turn_release(task);
    lane_peek(task, &message, sizeof message);
    if (message.kind == MESSAGE_TURN &&
        (message.result == 0 || (int64_t)message.result == -EAGAIN)) {
        own_wait(call, operation);
    }
    message = turn_follow(call);
    if (message.kind == MESSAGE_SIGNAL) {
        call_signal(task, message.number);
    }
    return (int64_t)message.result;
}

static int64_t outside(struct call *call, uint32_t operation) {
    struct task *task = call->task;
    if (!is_wait(operation)) {
        return gate_plain(__NR_futex, call->arguments);
    }
    if (!is_leader(task)) {
        return follow_outside(call, operation);
    }
    turn_leave(call, NUMBER_OUTSIDE);
    task->interrupted = 0;
    int64_t result = gate_interruptible(__NR_futex, call->arguments);
    uint64_t turn = turn_take(task, 0);
    if (task->interrupted) {
        call_interrupted(task, turn);
    }
    call->pending = task->pending;
    turn_publish(call, turn, result);
    return result;
}

static int is_time(const struct time *time) {
    return time->seconds >= 0 && time->nanoseconds >= 0 && time->nanoseconds < BILLION;
}

static int64_t wait(struct call *call, uint32_t operation, const struct time *timeout) {
    uint32_t word;
    uint32_t bits = operation == FUTEX_WAIT ? ~0U : (uint32_t)call->arguments[5];
    if (!bits) {
        return -EINVAL;
    }
    if (program_copy(&word, (const void *)call->arguments[0], sizeof word)) {
        return -EFAULT;
    }
    if (word != (uint32_t)call->arguments[2]) {
        return -EAGAIN;
    }
    uint32_t clock = (uint32_t)call->arguments[1] & FUTEX_CLOCK_REALTIME;
    return wait_for_turn(call, operation | clock, call->arguments[0], bits, timeout);
}

static int64_t operate(struct call *call, uint32_t operation, const struct time *timeout) {
    const uint64_t *arguments = call->arguments;
    uint32_t word;
    switch (operation) {
    case FUTEX_WAIT:
    case FUTEX_WAIT_BITSET:
        return wait(call, operation, timeout);
    case FUTEX_WAKE:
        return futex_wake(call->task, arguments[0], (uint32_t)arguments[2], ~0U);
    case FUTEX_WAKE_BITSET:
        return (uint32_t)arguments[5] ? futex_wake(call->task, arguments[0], (uint32_t)arguments[2],
                                                   (uint32_t)arguments[5])
                                      : -EINVAL;
    case FUTEX_CMP_REQUEUE:
        if (program_copy(&word, (const void *)arguments[0], sizeof word)) {
            return -EFAULT;
        }
        if (word != (uint32_t)arguments[5]) {
            return -EAGAIN;
        }
        __attribute__((fallthrough));
    case FUTEX_REQUEUE:
        if ((int32_t)arguments[2] < 0 || (int32_t)arguments[3] < 0) {
            return -EINVAL;
        }
        return requeue(call->task, arguments[0], arguments[4], (uint32_t)arguments[2],
                       (uint32_t)arguments[3]);
    case FUTEX_WAKE_OP:
        return wake_operation(call->task, arguments);
    case FUTEX_LOCK_PI:
    case FUTEX_LOCK_PI2:
    case FUTEX_TRYLOCK_PI:
        return lock_pi(call, operation, timeout);
    case FUTEX_UNLOCK_PI:
        return unlock_pi(call);
    }
    return -ENOSYS;
}

/* Leader: a call that did not wait is over. Followers learn of it because a thread may lose its
 * turn before or after it, and get its signals there. */
static void lead_by(struct call *call) {
    call->pending = call->task->pending;
    struct message message = {
        .kind = MESSAGE_CALL, .number = NUMBER_FUTEX, .flags = call->pending ? RESULT_SIGNAL : 0};
    lane_put(call->task, &message, sizeof message);
    lane_publish(call->task);
}

/* Follower: come to where the leader's thread makes the call. Returns 0 when it makes another. */
static int come_to(struct call *call, struct message *message) {
    for (;;) {
        lane_peek(call->task, message, sizeof *message);
        if (message->kind == MESSAGE_CALL &&
            (message->number == NUMBER_FUTEX || message->number == __NR_futex)) {
            return 1;
        }
        if (!elastic_skip(call, message)) {
            return 0;
        }
    }
}

static void follow_by(struct call *call, const struct message *message) {
    if (message->number == NUMBER_FUTEX) {
        call->pending = message->flags & RESULT_SIGNAL;
        lane_skip(call->task, sizeof *message);
        lane_acknowledge(call->task);
    }
}

/* Between threads: the queue is ours. */
static int64_t inside(struct call *call, uint32_t operation, const struct time *timeout) {
    if (is_leader(call->task)) {
        turn_let_others(call);
        int64_t result = operate(call, operation, timeout);
        if (!call->released) {
            lead_by(call);
        }
        return result;
    }
    struct message message;
    int comes = come_to(call, &message);
    int64_t result = operate(call, operation, timeout);
    if (comes && !call->released) {
        follow_by(call, &message);
    }
    return result;
}

/* futex(2), in the program's turn if it takes turns; the turn is its again on return. */
int64_t futex_call(struct call *call) {
    uint32_t operation = (uint32_t)call->arguments[1] & FUTEX_CMD_MASK;
    if (is_outside(call)) {
        return outside(call, operation);
    }
    struct time time;
    const struct time *timeout = NULL;
    if (is_wait(operation) && call->arguments[3]) {
        if (program_copy(&time, (const void *)call->arguments[3], sizeof time)) {
            return -EFAULT;
        }
        if (!is_time(&time)) {
            return -EINVAL;
        }
        timeout = &time;
    }
    if (call->arguments[0] & 3) {
        return -EINVAL;
    }
    return inside(call, operation, timeout);
}
