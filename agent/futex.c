/*
 * futex(2) between threads that take turns: the queue of waiters is kept here, in every variant, so
 * that who is woken and what a call returns follows from the order of turns alone. The kernel only
 * lets the leader's threads sleep; its clock and signals end a wait in the leader, and the thread's
 * next message says so. (kernel/futex/waitwake.c, requeue.c and pi.c of Linux 6.18.)
 *
 * Futexes that other processes share are in outside.c.
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
    OPERATION_MAX = 12,
    SEVERAL = 1 /* of a task's futex_address: it waits for several words */
};

static struct futexes *queue(void) {
    return (struct futexes *)(uint64_t)(image_start + FUTEXES_OFFSET);
}

/* In how many places memory lies that other processes may share. */
uint32_t futex_shared(void) {
    return queue()->shared;
}

static void enqueue(struct task *task, uint64_t address, uint32_t bits) {
    struct futexes *queued = queue();
    uint32_t self = task->slot + 1;
    task->futex_address = address;
    task->futex_bits = bits;
    task->futex_index = 0;
    task->futex_next = 0;
    task->futex_previous = queued->last;
    if (queued->last) {
        turn_task(queued->last - 1)->futex_next = self;
    } else {
        queued->first = self;
    }
    queued->last = self;
}

/* In the queue for several words at once, from the same moment on; those of address 0 are not its.
 */
void futex_enqueue(struct task *task, uint64_t *addresses, uint32_t count) {
    task->futex_several = (uint64_t)addresses;
    task->futex_count = count;
    enqueue(task, SEVERAL, ~0U);
}

static void dequeue(struct task *task) {
    struct futexes *queued = queue();
    if (task->futex_previous) {
        turn_task(task->futex_previous - 1)->futex_next = task->futex_next;
    } else {
        queued->first = task->futex_next;
    }
    if (task->futex_next) {
        turn_task(task->futex_next - 1)->futex_previous = task->futex_previous;
    } else {
        queued->last = task->futex_previous;
    }
    task->futex_address = 0;
}

/* Whether a task waits for a word; of several, `futex_index` says which. */
static int waits_for(struct task *waiter, uint64_t address) {
    if (waiter->futex_address != SEVERAL) {
        return waiter->futex_address == address;
    }
    const uint64_t *addresses = (const uint64_t *)waiter->futex_several;
    for (uint32_t index = 0; index < waiter->futex_count; index++) {
        if (addresses[index] == address) {
            waiter->futex_index = index;
            return 1;
        }
    }
    return 0;
}

static struct task *next_waiter(const struct task *after, uint64_t address) {
    uint32_t number = after ? after->futex_next : queue()->first;
    while (number) {
        struct task *waiter = turn_task(number - 1);
        if (waits_for(waiter, address)) {
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
        word_wake(&waiter->wake, 1, 0);
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
        } else if (waiter->futex_address == SEVERAL) {
            ((uint64_t *)waiter->futex_several)[waiter->futex_index] = to;
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

/* The word that FUTEX_WAKE_OP leaves where the old one was; ENOSYS for an unknown operation. */
int64_t futex_changed(uint32_t encoded, uint32_t old, uint32_t *changed) {
    int32_t operand = (int32_t)(encoded << 8) >> 20;
    uint32_t value = encoded >> 31 ? 1U << (operand & 31) : (uint32_t)operand;
    switch (encoded >> 28 & 7) {
    case FUTEX_OP_SET:
        *changed = value;
        return 0;
    case FUTEX_OP_ADD:
        *changed = old + value;
        return 0;
    case FUTEX_OP_OR:
        *changed = old | value;
        return 0;
    case FUTEX_OP_ANDN:
        *changed = old & ~value;
        return 0;
    case FUTEX_OP_XOR:
        *changed = old ^ value;
        return 0;
    }
    return -ENOSYS;
}

/* Whether FUTEX_WAKE_OP wakes at the second word, too; ENOSYS for an unknown comparison. */
static int64_t word_holds(uint32_t encoded, int32_t old) {
    int32_t compared = (int32_t)(encoded << 20) >> 20;
    switch (encoded >> 24 & 15) {
    case FUTEX_OP_CMP_EQ:
        return old == compared;
    case FUTEX_OP_CMP_NE:
        return old != compared;
    case FUTEX_OP_CMP_LT:
        return old < compared;
    case FUTEX_OP_CMP_LE:
        return old <= compared;
    case FUTEX_OP_CMP_GT:
        return old > compared;
    case FUTEX_OP_CMP_GE:
        return old >= compared;
    }
    return -ENOSYS;
}

/* FUTEX_WAKE_OP: change the second word, wake at the first, and at the second if its old value says
 * so. */
static int64_t wake_operation(const struct task *task, const uint64_t *arguments) {
    uint32_t encoded = (uint32_t)arguments[5];
    uint32_t old;
    uint32_t changed;
    if (program_copy(&old, (const void *)arguments[4], sizeof old)) {
        return -EFAULT;
    }
    int64_t error = futex_changed(encoded, old, &changed);
    if (error) {
        return error;
    }
    if (program_copy((void *)arguments[4], &changed, sizeof changed)) {
        return -EFAULT;
    }
    int64_t holds = word_holds(encoded, (int32_t)old);
    if (holds < 0) {
        return holds;
    }
    int64_t woken = futex_wake(task, arguments[0], (uint32_t)arguments[2], ~0U);
    if (holds) {
        woken += futex_wake(task, arguments[4], (uint32_t)arguments[3], ~0U);
    }
    return woken;
}

/* Leader: sleep until somebody wakes us, the time is over or a signal comes. Relative times end
 * when the kernel's own would. */
static int64_t sleep(struct task *task, uint32_t operation, const struct futex_time *timeout) {
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

/* Leader: about to sleep in the queue, outside the turn. */
void futex_wait_begins(struct call *call) {
    struct task *task = call->task;
    task->wake = 0;
    task->interrupted = 0;
    turn_leave(call, __NR_futex);
}

/* Leader: the sleep ended with `result`. Returns that of the wait, in the turn again: which word
 * it was for, where another thread woke this one. */
int64_t futex_wait_ends(struct call *call, int64_t result) {
    struct task *task = call->task;
    uint64_t turn = turn_take(task, 0);
    if (!task->futex_address) {
        result = task->futex_index;
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

/* Follower: wait as the leader does, and return its result; `woken`: whether another thread woke
 * this one. */
int64_t futex_wait_follows(struct call *call, int *woken) {
    struct task *task = call->task;
    turn_leave_too(call, __NR_futex);
    struct message message = turn_follow(call);
    *woken = !task->futex_address;
    if (!*woken) {
        dequeue(task);
    }
    if (message.kind == MESSAGE_SIGNAL) {
        call_signal(task, message.number);
    }
    return (int64_t)message.result;
}

/* Wait in the queue for another thread of this process. The turn is ours again on return. */
static int64_t wait_for_turn(struct call *call, uint32_t operation, uint64_t address, uint32_t bits,
                             const struct futex_time *timeout) {
    struct task *task = call->task;
    call->released = 1;
    enqueue(task, address, bits);
    if (!is_leader(task)) {
        int woken;
        int64_t result = futex_wait_follows(call, &woken);
        if (woken != (result == 0)) {
            call_diverged(call, DIVERGENCE_ORDER, 0, (long)result);
        }
        return result;
    }
    futex_wait_begins(call);
    return futex_wait_ends(call, sleep(task, operation, timeout));
}

static int64_t lock_pi(struct call *call, uint32_t operation, const struct futex_time *timeout) {
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

/* Who owns a lock with priority inheritance when its owner leaves it: the word to be stored. */
uint32_t futex_hand_over(const struct task *task, uint64_t address) {
    struct task *heir = next_waiter(NULL, address);
    if (!heir) {
        return 0;
    }
    rouse(task, heir);
    return heir->tid | (next_waiter(NULL, address) ? FUTEX_WAITERS : 0);
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
    uint32_t owned = futex_hand_over(call->task, address);
    return program_copy((void *)address, &owned, sizeof owned) ? -EFAULT : 0;
}

/* Whether other processes may share the memory. */
int futex_is_shared(uint64_t address) {
    const struct futexes *queued = queue();
    for (uint32_t index = 0; index < queued->shared && index < SHARED_RANGES; index++) {
        if (address >= queued->ranges[2 * index] && address < queued->ranges[2 * index + 1]) {
            return 1;
        }
    }
    return 0;
}

/* Whether the kernel keeps the queue: the memory is shared with other processes. */
static int is_outside(const struct call *call) {
    return !call->task->turns ||
           (!(call->arguments[1] & FUTEX_PRIVATE_FLAG) && futex_is_shared(call->arguments[0]));
}

int futex_waits(uint32_t operation) {
    return operation == FUTEX_WAIT || operation == FUTEX_WAIT_BITSET ||
           operation == FUTEX_LOCK_PI || operation == FUTEX_LOCK_PI2;
}

int futex_is_time(const struct futex_time *time) {
    return time->seconds >= 0 && time->nanoseconds >= 0 && time->nanoseconds < BILLION;
}

static int64_t wait(struct call *call, uint32_t operation, const struct futex_time *timeout) {
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

static int64_t operate(struct call *call, uint32_t operation, const struct futex_time *timeout) {
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
    case FUTEX_SEVERAL:
        return futex_several(call);
    }
    return -ENOSYS;
}

/* Leader: a call that did not wait is over. Followers learn of it because a thread may lose its
 * turn before or after it, and get its signals there; and of its result, where they do not know it.
 */
void futex_publish(struct call *call) {
    struct task *task = call->task;
    call->pending = task->pending;
    struct message message = {.kind = MESSAGE_CALL,
                              .number = NUMBER_FUTEX,
                              .result = (uint64_t)call->result,
                              .flags = call->pending ? RESULT_SIGNAL : 0};
    lane_put(task, &message, sizeof message);
    lane_publish(task);
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
int64_t futex_inside(struct call *call, uint32_t operation, const struct futex_time *timeout) {
    if (is_leader(call->task)) {
        turn_let_others(call);
        call->result = operate(call, operation, timeout);
        if (!call->released) {
            futex_publish(call);
        }
        return call->result;
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
    struct futex_time time;
    const struct futex_time *timeout = NULL;
    if (is_outside(call) && !turn_is_joined()) {
        return outside_call(call, operation);
    }
    if (futex_waits(operation) && call->arguments[3]) {
        if (program_copy(&time, (const void *)call->arguments[3], sizeof time)) {
            return -EFAULT;
        }
        if (!futex_is_time(&time)) {
            return -EINVAL;
        }
        timeout = &time;
    }
    if (call->arguments[1] & FUTEX_CLOCK_REALTIME && operation != FUTEX_WAIT_BITSET &&
        operation != FUTEX_LOCK_PI2 && operation != FUTEX_WAIT_REQUEUE_PI) {
        return -ENOSYS;
    }
    if (call->arguments[0] & 3) {
        return -EINVAL;
    }
    return is_outside(call) ? joined_call(call, operation, timeout)
                            : futex_inside(call, operation, timeout);
}
