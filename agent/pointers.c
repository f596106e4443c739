/*
 * Pointers that a program sends through a pipe of its own: a handler that cannot do more writes
 * down which object a signal is for, and the main loop reads it (libuv); a parent sends the address
 * of a function to a child that it has forked. A pointer to static data or code or into the stack
 * is another one in each variant. A follower takes such words for equal when both can point at the
 * same thing; in their place the leader writes tokens (src/mvx/pointers.py), for which every
 * variant puts its own when it reads them from the pipe. So no address gets into it. Only for pipes
 * that this image, or one that forked it, has made.
 *
 * Under the policy `stream` the leader does not wait: its own words go into the pipe, and only if
 * the process has both ends, and so reads them itself. A follower remembers which of its own belong
 * to them. The same happens with what the C library has the kernel send back for mq_notify.
 */
#include <asm/unistd_64.h>

#include "agent.h"

enum {
    WORDS_MAX = POINTERS_SENT_MAX / 8,
    ZONE_BITS = 33,    /* addresses in files have these in common (src/mvx/placement.py) */
    ADDRESS_BITS = 47, /* of a program */
    NUMBER_SHIFT = 4,  /* KEPT_MASK */
    NUMBERS = 1 << 12,
    TABLE_LOOKED_AT = 4096,
    SIGEV_THREAD = 2,
    READ_MAX = 512,   /* words: who reads pointers does not read much more than one writes */
    COOKIE_WORDS = 4, /* NOTIFY_COOKIE_LEN of linux/mqueue.h */
};

static struct pointers *table(void) {
    return (struct pointers *)(uint64_t)(image_start + POINTERS_OFFSET);
}

/* A new pipe: its ends get a number in common, which their duplicates share. */
void pointers_pipe(const struct task *task, const int32_t *numbers) {
    uint16_t *in = descriptor_entry(task, numbers[0]);
    uint16_t *out = descriptor_entry(task, numbers[1]);
    if (in && out) {
        uint64_t number = ++table()->pipes % NUMBERS << NUMBER_SHIFT;
        *in = (uint16_t)(KEPT_PIPE_IN | number);
        *out = (uint16_t)(KEPT_PIPE_OUT | number);
    }
}

/* Whether the process has the end for reading, too. */
static int is_to_itself(const struct task *task, int64_t out) {
    const uint16_t *entry = descriptor_entry(task, out);
    if (!entry || (*entry & KEPT_MASK) != KEPT_PIPE_OUT) {
        return 0;
    }
    uint16_t in = (uint16_t)((*entry & ~KEPT_MASK) | KEPT_PIPE_IN);
    for (int64_t number = 0; number < TABLE_LOOKED_AT; number++) {
        if (*descriptor_entry(task, number) == in) {
            return 1;
        }
    }
    return 0;
}

/* Code and static data have low bits in common; stacks, and with `--diversify heap` or other
 * allocators the heap, have not. */
static int correspond(uint64_t own, uint64_t other) {
    if (!(own >> ZONE_BITS) || !(other >> ZONE_BITS) || other >> ADDRESS_BITS) {
        return 0;
    }
    return !((own ^ other) << (64 - ZONE_BITS)) || !program_probe((const void *)own);
}

static void remember(struct task *task, const uint64_t *own, const uint64_t *other,
                     uint32_t words) {
    struct pointers *pointers = table();
    process_lock(task);
    for (uint32_t i = 0; i < words; i++) {
        if (own[i] != other[i]) {
            uint64_t index = pointers->count++ % POINTERS;
            pointers->pairs[2 * index] = other[i];
            pointers->pairs[2 * index + 1] = own[i];
        }
    }
    process_unlock(task);
}

/* Tokens in the place of the leader's words that differ: the supervisor puts them into the leader's
 * message, from which it writes when all have agreed. */
static int send_tokens(const struct task *task, const uint64_t *own, const uint64_t *other,
                       uint32_t words) {
    for (uint32_t i = 0; i < words; i++) {
        uint64_t position = task->position + i * sizeof *own;
        if (own[i] != other[i] &&
            gate_control(REQUEST_SENT, (long)own[i], (long)position, 0) != 1) {
            return 0;
        }
    }
    return 1;
}

static int is_token(uint64_t word) {
    return word >> TOKEN_SHIFT == TOKEN_TAG;
}

/* Follower: whether the next `count` bytes of the leader's are its own but for pointers. Nothing is
 * taken from the lane. */
int pointers_agree(struct call *call, const void *bytes, uint32_t count) {
    struct task *task = call->task;
    uint64_t own[WORDS_MAX], other[WORDS_MAX];
    if (call->number != __NR_write || count % sizeof *own || count > sizeof own ||
        descriptor_kept(task, (int32_t)call->arguments[0]) != KEPT_PIPE_OUT ||
        program_copy(own, bytes, count)) {
        return 0;
    }
    lane_peek(task, other, count);
    uint32_t words = count / sizeof *own;
    uint32_t different = 0;
    for (uint32_t i = 0; i < words; i++) {
        different += own[i] != other[i];
        if (own[i] != other[i] && !is_token(other[i]) && !correspond(own[i], other[i])) {
            return 0;
        }
    }
    if (!different) {
        return 0;
    }
    if (task->policy != POLICY_STREAM) {
        return send_tokens(task, own, other, words);
    }
    if (!is_to_itself(task, (int32_t)call->arguments[0])) {
        return 0;
    }
    remember(task, own, other, words);
    return 1;
}

/* mq_notify with SIGEV_THREAD: the kernel keeps what lies behind the pointer, and sends it to a
 * socket of the C library's when a message comes. */
void pointers_cookie(struct call *call, uint64_t event) {
    struct {
        uint64_t place;
        int32_t number, way;
    } wanted;
    uint64_t own[COOKIE_WORDS], other[COOKIE_WORDS];
    if (call->number != __NR_mq_notify ||
        program_copy(&wanted, (const void *)event, sizeof wanted) || wanted.way != SIGEV_THREAD) {
        return;
    }
    if (program_copy(own, (const void *)wanted.place, sizeof own)) {
        zero(own, sizeof own);
    }
    if (is_leader(call->task)) {
        lane_put(call->task, own, sizeof own);
        return;
    }
    lane_get(call->task, other, sizeof other);
    remember(call->task, own, other, COOKIE_WORDS);
}

static uint64_t find(const struct pointers *pointers, uint64_t word) {
    uint64_t count = pointers->count < POINTERS ? pointers->count : POINTERS;
    for (uint64_t i = 0; i < count; i++) {
        if (pointers->pairs[2 * i] == word) {
            return pointers->pairs[2 * i + 1];
        }
    }
    return word;
}

/* What a variant has in the place of a word that it has read. */
static uint64_t own_of(const struct pointers *pointers, uint64_t word) {
    if (is_token(word)) {
        return (uint64_t)gate_control(REQUEST_RECEIVED, (long)word, 0, 0);
    }
    return pointers->count ? find(pointers, word) : word;
}

static void translate(uint64_t place, uint64_t count) {
    const struct pointers *pointers = table();
    uint64_t *words = (uint64_t *)place;
    for (uint64_t i = 0; i < count / sizeof *words && i < READ_MAX; i++) {
        uint64_t word;
        if (program_copy(&word, words + i, sizeof word)) {
            return;
        }
        uint64_t own = own_of(pointers, word);
        if (own != word) {
            program_copy(words + i, &own, sizeof own);
        }
    }
}

/* A call has read what the leader's agent sent: every variant puts its own there, the leader after
 * it has published what it got. */
void pointers_translate(const struct call *call) {
    if (call->result <= 0 || call->task->variants == 1) {
        return;
    }
    uint64_t left = (uint64_t)call->result;
    switch (call->number) {
    case __NR_read:
        if (descriptor_kept(call->task, (int32_t)call->arguments[0]) == KEPT_PIPE_IN) {
            translate(call->arguments[1], left);
        }
        return;
    case __NR_readv:
        if (descriptor_kept(call->task, (int32_t)call->arguments[0]) != KEPT_PIPE_IN) {
            return;
        }
        for (uint64_t i = 0; i < call->arguments[2] && left; i++) {
            uint64_t vector[2];
            if (program_copy(vector, (const uint64_t *)call->arguments[1] + 2 * i, sizeof vector)) {
                return;
            }
            uint64_t part = vector[1] < left ? vector[1] : left;
            translate(vector[0], part);
            left -= part;
        }
        return;
    case __NR_recvfrom:
        if (!is_leader(call->task) && left == COOKIE_WORDS * sizeof(uint64_t)) {
            translate(call->arguments[1], left);
        }
        return;
    }
}
