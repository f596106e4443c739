/*
 * A lane: the ordered byte stream of one task set, written by the leader, read by the followers.
 *
 * The leader owns `head` in its arena, follower k owns `tail` in arena k; both only grow. A sleeper
 * says up to which position it needs the word to grow (`wanted`), fences, looks again, then sleeps
 * on the low half of the word with futex, which compares once more. A writer stores, then fences,
 * then looks what is wanted, and wakes who has got it: no wake can be lost, and nobody is woken for
 * less. Nor twice, though a sleeper that was woken may have to wait for a CPU: as positions only
 * grow, one wake for a `wanted` that the word has reached is enough (`woken`). Between publications
 * the leader writes ahead of `head` at `task->position`; so one call is one publication unless the
 * ring is full.
 */
#include <asm/unistd_64.h>
#include <linux/futex.h>

#include "processor.h"

enum {
    CLOCK_MONOTONIC = 1,
    LANE_ALIGNMENT = 64,
    HABIT_MAX = 12,
    LOOK_NS = 10000000,
    LOOKS_DOUBLED = 7
};

/* What is waited for. */
enum { WAIT_CALL, WAIT_RESULT, WAIT_KINDS, WAIT_CONSENT = WAIT_CALL };

struct lane *lane_of(const struct task *task, uint32_t variant) {
    uint64_t base = (uint64_t)image_start;
    return (struct lane *)(base + ARENAS_OFFSET + (uint64_t)variant * ARENA_SIZE +
                           (uint64_t)task->lane * LANE_STRIDE);
}

/* What comes next in the lane belongs to the task's call: for reports, and for the supervisor,
 * which sees by it who waits in a call (Place.AHEAD in between.py). */
void lane_begin(struct task *task) {
    task->message = task->position;
    lane_of(task, task->variant)->position = task->position;
}

static char *ring_at(struct lane *lane, uint64_t position) {
    return (char *)lane + LANE_HEADER_SIZE + (position & (RING_SIZE - 1));
}

static size_t until_wrap(uint64_t position, size_t count) {
    size_t left = RING_SIZE - (position & (RING_SIZE - 1));
    return count < left ? count : left;
}

/* Wake a variant that sleeps until the word, which has been stored just now, reaches what it is. */
static void wake(struct task *task, uint32_t variant, const uint64_t *word) {
    uint64_t wanted = __atomic_load_n(&lane_of(task, variant)->wanted, __ATOMIC_RELAXED);
    if (wanted && *word >= wanted && task->woken[variant] != wanted) {
        task->woken[variant] = wanted;
        word_wake(word, EVERYBODY, 0);
    }
}

static uint64_t now_ns(const struct task *task) {
    struct moment now = {0, 0};
    clock_now(task, CLOCK_MONOTONIC, &now);
    return (uint64_t)now.seconds * 1000000000 + (uint64_t)now.nanoseconds;
}

/*
 * Spinning pays when the other variant is at work on another CPU and will be there sooner than a
 * wake would take. So after each sleep: a short one shows that spinning longer would have paid, a
 * long one that it was for nothing. What slept and was woken at once slept for one wake; spinning
 * for another would have met it. Waits are learnt by what is waited for: a server's follower waits
 * long for the result of epoll_wait, and never for that of write.
 */
static uint32_t *habit_of(struct task *task, int kind) {
    return &task->habits[(task->number * WAIT_KINDS + (uint32_t)kind) % HABITS];
}

static void learn(const struct task *task, uint32_t *habit, uint64_t slept_ns) {
    if (slept_ns < 2 * (uint64_t)task->wake_ns) {
        *habit /= 2;
    } else if (*habit < HABIT_MAX) {
        *habit += 1;
    }
}

/* For how many turns to spin. Somebody who was last seen on our own CPU can only go on when we
 * sleep. `spin` is what the machine allows, and changes; each habit halves it. */
static uint32_t turns_for(const struct task *task, const struct lane *other, uint32_t habit) {
    uint32_t turns = *(const volatile uint32_t *)&task->spin >> habit;
    return turns && other->processor == processor() ? 0 : turns;
}

/* Sleep until *word is at least `target`. Returns 0, or -1 after `timeout_ns` (0: never). */
static int sleep_until(struct task *task, const uint64_t *word, uint64_t target,
                       uint64_t timeout_ns) {
    struct lane *own = lane_of(task, task->variant);
    int outcome = 0;
    __atomic_store_n(&own->wanted, target, __ATOMIC_RELAXED);
    fence();
    for (;;) {
        uint64_t value = __atomic_load_n(word, __ATOMIC_ACQUIRE);
        if (value >= target) {
            break;
        }
        long result = word_sleep(word, (uint32_t)value, 0, timeout_ns);
        if (result == -110 /* ETIMEDOUT */) {
            outcome = -1;
            break;
        }
    }
    __atomic_store_n(&own->wanted, 0, __ATOMIC_RELAXED);
    return outcome;
}

/* Wait until *word, which lane `other` owns, is at least `target`. Returns 0, or -1 after
 * `timeout_ns` (0: never). */
static int wait_for(struct task *task, const struct lane *other, const uint64_t *word,
                    uint64_t target, int kind, uint64_t timeout_ns) {
    struct lane *own = lane_of(task, task->variant);
    uint32_t *habit = habit_of(task, kind);
    uint32_t turns = turns_for(task, other, *habit);
    for (uint32_t turn = 0; turn < turns; turn++) {
        if (__atomic_load_n(word, __ATOMIC_ACQUIRE) >= target) {
            return 0;
        }
        __builtin_ia32_pause();
    }
    uint32_t here = own->processor = processor();
    if (!is_leader(task) && other->processor == here) {
        processor_shared(task, own);
    }
    int learns = task->wake_ns && (turns || *habit == HABIT_MAX);
    uint64_t start_ns = learns ? now_ns(task) : 0;
    int outcome = sleep_until(task, word, target, timeout_ns);
    if (learns) {
        learn(task, habit, now_ns(task) - start_ns);
    }
    return outcome;
}

static void wait_for_follower(struct task *task, uint32_t follower, uint64_t target) {
    const uint64_t *tail = &lane_of(task, follower)->tail;
    while (wait_for(task, lane_of(task, follower), tail, target, WAIT_CONSENT,
                    task->watchdog_s * 1000000000UL)) {
        gate_control(REQUEST_TIMEOUT, follower, 0, 0);
    }
}

/* Make room for at least one more byte after task->position; returns how many fit. */
static size_t room(struct task *task, size_t wanted) {
    if (task->position + wanted <= task->limit) {
        return task->limit - task->position;
    }
    uint64_t oldest = task->position;
    for (uint32_t variant = 0; variant < task->variants; variant++) {
        if (variant == task->variant) {
            continue;
        }
        uint64_t tail = __atomic_load_n(&lane_of(task, variant)->tail, __ATOMIC_ACQUIRE);
        if (task->position + wanted > tail + RING_SIZE) {
            lane_publish(task);
            uint64_t target =
                task->position + (wanted < RING_SIZE / 2 ? wanted : RING_SIZE / 2) - RING_SIZE;
            wait_for_follower(task, variant, target);
            tail = __atomic_load_n(&lane_of(task, variant)->tail, __ATOMIC_ACQUIRE);
        }
        oldest = tail < oldest ? tail : oldest;
    }
    task->limit = oldest + RING_SIZE;
    return task->limit - task->position;
}

/* Leader: append bytes; blocks while the ring is full of what a follower has not read. A fault
 * appends zeros: -1. */
static long put(struct task *task, const char *bytes, size_t count, int program) {
    struct lane *lane = lane_of(task, task->variant);
    long outcome = 0;
    if (task->alone) {
        return 0;
    }
    while (count) {
        size_t part = until_wrap(task->position, count);
        size_t space = room(task, part);
        part = part < space ? part : space;
        if (!program) {
            copy(ring_at(lane, task->position), bytes, part);
        } else if (program_copy(ring_at(lane, task->position), bytes, part)) {
            zero(ring_at(lane, task->position), part);
            outcome = -1;
        }
        task->position += part;
        bytes += part;
        count -= part;
    }
    return outcome;
}

void lane_put(struct task *task, const void *bytes, size_t count) {
    put(task, bytes, count, 0);
}

long lane_put_program(struct task *task, const void *bytes, size_t count) {
    return put(task, bytes, count, 1);
}

/* Leader: where bytes written at a position lie, NULL when they wrap around the ring's end or were
 * not written. */
const void *lane_contiguous(const struct task *task, uint64_t position, size_t count) {
    return !task->alone && until_wrap(position, count) == count
               ? ring_at(lane_of(task, task->variant), position)
               : NULL;
}

/* Leader: bytes that were written at a position. */
void lane_reread(struct task *task, uint64_t position, void *bytes, size_t count) {
    struct lane *lane = lane_of(task, task->variant);
    size_t part = until_wrap(position, count);
    copy(bytes, ring_at(lane, position), part);
    copy((char *)bytes + part, ring_at(lane, position + part), count - part);
}

/* Leader: `count` bytes of the ring that nobody reads or writes before something is put into the
 * lane again; NULL: it is not so large. Waits while followers are far behind. */
void *lane_space(struct task *task, size_t count) {
    uint64_t start = (task->position + LANE_ALIGNMENT - 1) & ~(uint64_t)(LANE_ALIGNMENT - 1);
    if (until_wrap(start, count) < count) {
        start += until_wrap(start, RING_SIZE);
    }
    size_t wanted = start + count - task->position;
    if (wanted > RING_SIZE - (task->position - task->message)) {
        return NULL; /* what was compared may be what the kernel reads */
    }
    while (!task->alone && room(task, wanted) < wanted) {
    }
    return ring_at(lane_of(task, task->variant), start);
}

/* Leader: show everything written so far to the followers, but let those sleep that do. */
void lane_show(struct task *task) {
    struct lane *lane = lane_of(task, task->variant);
    if (!task->alone) {
        processor_tell(task, lane);
        __atomic_store_n(&lane->head, task->position, __ATOMIC_RELEASE);
    }
}

/* Leader: show everything written so far to the followers; wakes those that sleep. */
void lane_publish(struct task *task) {
    if (task->alone) {
        return;
    }
    lane_show(task);
    fence();
    for (uint32_t variant = 0; variant < task->variants; variant++) {
        if (variant != task->variant) {
            wake(task, variant, &lane_of(task, task->variant)->head);
        }
    }
}

/* Leader: wait until every follower has agreed to everything published. */
void lane_wait_agreed(struct task *task) {
    for (uint32_t variant = 0; variant < task->variants; variant++) {
        if (variant != task->variant) {
            wait_for_follower(task, variant, task->position);
        }
    }
    processor_met(task);
}

/* Follower: wait for the next bytes; returns how many of `count` lie in one piece. */
static size_t available(struct task *task, size_t count) {
    size_t part = until_wrap(task->position, count);
    if (task->position + part > task->limit) {
        const uint64_t *word = &lane_of(task, task->leader)->head;
        task->limit = __atomic_load_n(word, __ATOMIC_ACQUIRE);
        if (task->limit == task->position) {
            wait_for(task, lane_of(task, task->leader), word, task->position + 1, WAIT_RESULT, 0);
            task->limit = __atomic_load_n(word, __ATOMIC_ACQUIRE);
        }
    }
    return part < task->limit - task->position ? part : task->limit - task->position;
}

/* Bytes were read: tell a leader that waits for room before the whole message has been agreed. */
static void consumed(struct task *task, size_t count, int agreed) {
    struct lane *own = lane_of(task, task->variant);
    task->position += count;
    if (agreed || task->position - own->tail > RING_SIZE / 4) {
        processor_tell(task, own);
        __atomic_store_n(&own->tail, task->position, __ATOMIC_RELEASE);
        fence();
        wake(task, task->leader, &own->tail);
    }
}

static long get(struct task *task, char *bytes, size_t count, int program) {
    long outcome = 0;
    while (count) {
        size_t part = available(task, count);
        const char *from = ring_at(lane_of(task, task->leader), task->position);
        if (!program) {
            copy(bytes, from, part);
        } else if (program_copy(bytes, from, part)) {
            outcome = -1;
        }
        consumed(task, part, 0);
        bytes += part;
        count -= part;
    }
    return outcome;
}

void lane_get(struct task *task, void *bytes, size_t count) {
    get(task, bytes, count, 0);
}

long lane_get_program(struct task *task, void *bytes, size_t count) {
    return get(task, bytes, count, 1);
}

/* Follower: the next bytes, without taking them. They may be there without a wake (lane_show). */
void lane_peek(struct task *task, void *bytes, size_t count) {
    struct lane *lane = lane_of(task, task->leader);
    if (task->limit < task->position + count) {
        task->limit = __atomic_load_n(&lane->head, __ATOMIC_ACQUIRE);
    }
    for (int look = 0; task->limit < task->position + count; look++) {
        uint64_t patience_ns = (uint64_t)LOOK_NS << (look < LOOKS_DOUBLED ? look : LOOKS_DOUBLED);
        wait_for(task, lane, &lane->head, task->position + count, WAIT_CALL, patience_ns);
        task->limit = __atomic_load_n(&lane->head, __ATOMIC_ACQUIRE);
    }
    size_t part = until_wrap(task->position, count);
    copy(bytes, ring_at(lane, task->position), part);
    copy((char *)bytes + part, ring_at(lane, task->position + part), count - part);
}

void lane_skip(struct task *task, size_t count) {
    while (count) {
        size_t part = available(task, count);
        consumed(task, part, 0);
        count -= part;
    }
}

/* Follower: compare program memory with the next bytes. Returns the offset of the first difference,
 * or -1 if none. */
long lane_compare(struct task *task, const void *bytes, size_t count) {
    size_t offset = 0;
    while (offset < count) {
        size_t part = available(task, count - offset);
        const char *other = ring_at(lane_of(task, task->leader), task->position);
        long same = program_compare((const char *)bytes + offset, other, part);
        if (same != (long)part) {
            return (long)offset + (same < 0 ? 0 : same);
        }
        consumed(task, part, 0);
        offset += part;
    }
    return -1;
}

/* Follower: agree to everything read so far. */
void lane_acknowledge(struct task *task) {
    consumed(task, 0, 1);
}
