/*
 * Threads that run in parallel: what synchronises them is ordered (`--threads ordered`).
 *
 * Each operation on an object takes the next *time* of the object's bucket in the leader, and the
 * leader's thread says so in its lane. A follower's thread waits until the bucket has come to that
 * time, does the same, and moves the bucket on. The bucket's number travels with the message, so
 * objects need not have the same addresses in all variants, and objects that share a bucket are
 * merely ordered more than they need.
 *
 * Why followers cannot deadlock: what an operation waits for in a follower (an earlier time of its
 * bucket, an object that its last owner gives free, a message of the leader's thread) came before
 * it in the leader, in real time. So the earliest operation that is not done yet can be done. For
 * this, each operation takes one time only, of one bucket.
 *
 * Operations are functions of the C library (hooks.c), and atomic instructions of other code
 * (atomics.c).
 */
#include <asm/unistd_64.h>
#include <linux/futex.h>

#include "order.h"

enum { EAGAIN = 11, FUTEX_OPERATION = 0xffffffff, SPINS = 100, HASH_SHIFT = 53 };
static const uint64_t HASH_FACTOR = 0x9e3779b97f4a7c15;

_Static_assert(BUCKETS / 2 == 1UL << (64 - HASH_SHIFT), "a hash is the number of a bucket");
_Static_assert(sizeof(struct bucket) * BUCKETS == sizeof((struct order *)0)->buckets, "buckets");

static const struct call_rule order_rule = {.executor = EXECUTOR_LOCAL};

/* Of the lower half: sections have the upper one, since what is done inside of a section must not
 * wait for its end. */
uint32_t order_bucket(uint64_t key) {
    return (uint32_t)((key >> 2) * HASH_FACTOR >> HASH_SHIFT);
}

/* Leader: the time of an operation. */
uint64_t order_next(uint32_t number) {
    return __atomic_fetch_add(&bucket_at(number)->time, 1, __ATOMIC_ACQ_REL);
}

/* Follower: wait for the time of an operation. */
void order_await(const struct task *task, uint32_t number, uint64_t time) {
    struct bucket *bucket = bucket_at(number);
    uint32_t spins = task->spin ? SPINS : 0;
    for (;;) {
        uint64_t now = __atomic_load_n(&bucket->time, __ATOMIC_ACQUIRE);
        if (now == time) {
            return;
        }
        if (spins) {
            spins--;
            __builtin_ia32_pause();
            continue;
        }
        __atomic_fetch_add(&bucket->sleepers, 1, __ATOMIC_ACQ_REL);
        now = __atomic_load_n(&bucket->time, __ATOMIC_ACQUIRE);
        if (now != time) {
            word_sleep(&bucket->time, (uint32_t)now, 0, 0);
        }
        __atomic_fetch_sub(&bucket->sleepers, 1, __ATOMIC_ACQ_REL);
    }
}

/* Follower: the operation of that time is done. */
void order_move_on(uint32_t number, uint64_t time) {
    struct bucket *bucket = bucket_at(number);
    __atomic_store_n(&bucket->time, time + 1, __ATOMIC_RELEASE);
    fence();
    if (__atomic_load_n(&bucket->sleepers, __ATOMIC_RELAXED)) {
        word_wake(&bucket->time, EVERYBODY, 0);
    }
}

/* Leader: let one thread at a time into a section. Returns 0 when another is in it. */
int order_try_lock(const struct task *task, uint32_t *word) {
    uint32_t nobody = 0;
    return __atomic_compare_exchange_n(word, &nobody, task->slot + 1, 0, __ATOMIC_ACQUIRE,
                                       __ATOMIC_RELAXED);
}

void order_lock(const struct task *task, uint32_t *word) {
    uint32_t owner = task->slot + 1;
    uint32_t seen = lock_ask(word, owner);
    while (seen) {
        word_sleep(word, seen | LOCK_WANTED, 0, 0);
        seen = lock_ask(word, owner | LOCK_WANTED);
    }
}

/* Leader: tell the followers of an operation. */
void order_tell(struct task *task, uint32_t operation, uint32_t bucket, uint64_t time,
                int64_t result, uint64_t error) {
    struct message message = {.kind = MESSAGE_CALL,
                              .number = NUMBER_ORDER,
                              .result = (uint64_t)result,
                              .arguments = {operation, bucket, time, error}};
    lane_put(task, &message, sizeof message);
    lane_publish(task);
}

/* Follower: the leader's operation at this place of the program, which stays the next one. */
struct message order_see(struct frame *frame, struct task *task, uint32_t operation) {
    struct call call = {.frame = frame, .task = task, .number = NUMBER_ORDER, .rule = &order_rule};
    struct lane *own = lane_of(task, task->variant);
    struct message message;
    lane_begin(task);
    __atomic_store_n(&own->number, (uint64_t)NUMBER_ORDER + 1, __ATOMIC_RELEASE);
    do {
        lane_peek(task, &message, sizeof message);
    } while (!(message.kind == MESSAGE_CALL && message.number == NUMBER_ORDER &&
               message.arguments[0] != FUTEX_OPERATION) &&
             elastic_skip(&call, &message));
    if (message.kind == MESSAGE_SIGNAL) {
        lane_skip(task, sizeof message);
        call_signal(task, POINT_ENTRY);
    }
    if (message.kind != MESSAGE_CALL || message.number != NUMBER_ORDER ||
        message.arguments[0] != operation || message.arguments[1] >= BUCKETS) {
        call_diverged(&call, DIVERGENCE_CALL, 0, 0);
    }
    __atomic_store_n(&own->number, 0, __ATOMIC_RELEASE);
    return message;
}

/* Follower: the operation is this thread's. */
void order_taken(struct task *task) {
    lane_skip(task, sizeof(struct message));
    lane_acknowledge(task);
}

struct message order_hear(struct frame *frame, struct task *task, uint32_t operation) {
    struct message message = order_see(frame, task, operation);
    order_taken(task);
    return message;
}

/* Leader: a signal that waits for a common point is delivered before the operation. */
void order_take_signals(struct task *task) {
    if (task->pending == 1) {
        struct message message = {.kind = MESSAGE_SIGNAL, .number = POINT_ENTRY};
        lane_put(task, &message, sizeof message);
        lane_publish(task);
        call_signal(task, POINT_ENTRY);
    }
}

static int is_wait(uint32_t operation) {
    switch (operation & FUTEX_CMD_MASK) {
    case FUTEX_WAIT:
    case FUTEX_WAIT_BITSET:
    case FUTEX_LOCK_PI:
    case FUTEX_LOCK_PI2:
    case FUTEX_WAIT_REQUEUE_PI:
        return 1;
    }
    return 0;
}

static int64_t wait_interruptibly(const struct call *call) {
    struct task *task = call->task;
    task->interrupted = 0;
    int64_t result = gate_interruptible(__NR_futex, call->arguments);
    if (task->interrupted) {
        call_interrupted(task, 0);
    }
    return result;
}

/* Follower: the leader's call, unless its thread made none here. Returns 0 then. */
static int hear_futex(struct call *call, struct message *message) {
    struct task *task = call->task;
    lane_peek(task, message, sizeof *message);
    if (message->kind == MESSAGE_SIGNAL) {
        lane_skip(task, sizeof *message);
        call_signal(task, message->number);
    }
    return message->kind == MESSAGE_CALL && message->number == NUMBER_ORDER &&
           message->arguments[0] == FUTEX_OPERATION;
}

/*
 * futex(2) of a thread that runs in parallel. What the C library does for itself is each variant's
 * own; a signal ends the leader's wait, and the follower meets it where it comes to next. What the
 * program does is the leader's: followers take its result, in its order. A variant that need not
 * wait, since it comes later, makes fewer calls: one that only the leader makes is passed over, and
 * one that only a follower makes is its own.
 */
int64_t order_futex(struct call *call) {
    struct task *task = call->task;
    int waits = is_wait((uint32_t)call->arguments[1]);
    if (hooks_at_work(call)) {
        return is_leader(task) ? wait_interruptibly(call) : gate_plain(__NR_futex, call->arguments);
    }
    uint32_t number = order_bucket(call->arguments[0]);
    if (is_leader(task)) {
        uint64_t time = waits ? NO_TIME : order_next(number);
        int64_t result = wait_interruptibly(call);
        order_tell(task, FUTEX_OPERATION, number, waits ? order_next(number) : time, result, 0);
        return result;
    }
    struct message message;
    if (!hear_futex(call, &message)) {
        return gate_plain(__NR_futex, call->arguments);
    }
    order_taken(task);
    order_await(task, (uint32_t)message.arguments[1], message.arguments[2]);
    if (!waits) {
        gate_plain(__NR_futex, call->arguments);
    }
    order_move_on((uint32_t)message.arguments[1], message.arguments[2]);
    return (int64_t)message.result;
}

/* Follower: pass over a futex call that only the leader has made. Returns 0 when it is something
 * else. */
int order_skip(struct task *task, const struct message *message) {
    if (message->number != NUMBER_ORDER || message->arguments[0] != FUTEX_OPERATION) {
        return 0;
    }
    order_taken(task);
    order_await(task, (uint32_t)message->arguments[1], message->arguments[2]);
    order_move_on((uint32_t)message->arguments[1], message->arguments[2]);
    lane_begin(task);
    return 1;
}

enum change { CHANGES_NOTHING, GIVES_NUMBERS, TAKES_NUMBERS };

/* What a call does to the numbers of descriptors. */
static enum change change_of(const struct call *call) {
    switch (call->number) {
    case __NR_close:
    case __NR_close_range:
    case __NR_dup2:
    case __NR_dup3:
        return GIVES_NUMBERS;
    case __NR_open:
    case __NR_openat:
    case __NR_openat2:
    case __NR_creat:
    case __NR_socket:
    case __NR_socketpair:
    case __NR_accept:
    case __NR_accept4:
    case __NR_pipe:
    case __NR_pipe2:
    case __NR_dup:
    case __NR_fcntl:
    case __NR_eventfd:
    case __NR_eventfd2:
    case __NR_epoll_create:
    case __NR_epoll_create1:
    case __NR_timerfd_create:
    case __NR_signalfd:
    case __NR_signalfd4:
    case __NR_inotify_init:
    case __NR_inotify_init1:
    case __NR_memfd_create:
    case __NR_pidfd_open:
    case __NR_recvmsg:
    case __NR_recvmmsg:
        return TAKES_NUMBERS;
    }
    return CHANGES_NOTHING;
}

/*
 * A number that one thread closes may be given to another at once. So the leader's threads tell
 * when they closed, as a time before the call, and when they got a number, as a time after it;
 * followers do both in that order. Times are one more than the bucket's, since 0 stands for none.
 */
uint64_t order_before(const struct call *call) {
    return call->task->parallel && change_of(call) == GIVES_NUMBERS
               ? order_next(BUCKET_OF_DESCRIPTORS) + 1
               : 0;
}

uint64_t order_after(const struct call *call, uint64_t time) {
    return call->task->parallel && change_of(call) == TAKES_NUMBERS
               ? order_next(BUCKET_OF_DESCRIPTORS) + 1
               : time;
}

/* Follower: it is time to change the numbers. */
void order_reach(const struct task *task, uint64_t time) {
    if (task->parallel && time) {
        order_await(task, BUCKET_OF_DESCRIPTORS, time - 1);
    }
}

/* Follower: they are changed. */
void order_leave(const struct task *task, uint64_t time) {
    if (task->parallel && time) {
        order_move_on(BUCKET_OF_DESCRIPTORS, time - 1);
    }
}
