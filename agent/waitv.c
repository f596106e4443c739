/*
 * The later futex calls. futex_wait, futex_wake and futex_requeue are operations of futex(2) with
 * their arguments in other places. futex_waitv waits for several words: for those of this process
 * in the queue that is kept here (futex.c), for those that other processes share in the kernel's.
 * (kernel/futex/syscalls.c and waitwake.c of Linux 6.18.)
 */
#include <asm/unistd_64.h>
#include <linux/futex.h>

#include "agent.h"

enum {
    NUMBER_WAKE = 454, /* since Linux 6.7, younger than the headers may be */
    NUMBER_WAIT = 455,
    EAGAIN = 11,
    EFAULT = 14,
    EINVAL = 22,
    CLOCK_REALTIME = 0,
    CLOCK_MONOTONIC = 1,
    SIZE_32 = 2,
    WORD_BITS = 32
};

struct words {
    struct futex_waitv wanted[FUTEX_WAITV_MAX];
    uint64_t addresses[FUTEX_WAITV_MAX]; /* of the words in our own queue, else 0 */
    uint8_t numbers[FUTEX_WAITV_MAX];    /* of those that the kernel waits for, in its order */
    uint32_t count, outside;
};

/* Words of 32 bits, on no particular node. */
static int is_flags(uint64_t flags) {
    return (flags & ~(uint64_t)FUTEX_PRIVATE_FLAG) == SIZE_32;
}

static int is_clock(uint64_t clock) {
    return (int32_t)clock == CLOCK_REALTIME || (int32_t)clock == CLOCK_MONOTONIC;
}

static uint64_t clock_flag(uint64_t clock) {
    return (int32_t)clock == CLOCK_REALTIME ? FUTEX_CLOCK_REALTIME : 0;
}

/* The arguments of futex(2) that mean the same. Returns 0, or an error. */
static int64_t translate(const uint64_t *from, uint64_t number, uint64_t *to) {
    struct futex_waitv words[2];
    uint64_t wanted = 0;
    uint64_t bits = ~0U;
    uint64_t flags;
    switch (number) {
    case NUMBER_WAIT:
        flags = (uint32_t)from[3];
        wanted = from[1], bits = from[2];
        if (from[4] && !is_clock(from[5])) {
            return -EINVAL;
        }
        to[1] = FUTEX_WAIT_BITSET | (from[4] ? clock_flag(from[5]) : 0);
        to[0] = from[0], to[2] = wanted, to[3] = from[4], to[5] = bits;
        break;
    case NUMBER_WAKE:
        flags = (uint32_t)from[3];
        bits = from[1];
        to[1] = FUTEX_WAKE_BITSET;
        to[0] = from[0], to[2] = from[2], to[5] = bits;
        break;
    default:
        if ((uint32_t)from[1] || !from[0]) {
            return -EINVAL;
        }
        if (program_copy(words, (const void *)from[0], sizeof words)) {
            return -EFAULT;
        }
        flags = words[0].flags & words[1].flags;
        wanted = words[0].val;
        if (!is_flags(words[0].flags) || !is_flags(words[1].flags) || words[0].__reserved ||
            words[1].__reserved || words[1].val >> WORD_BITS) {
            return -EINVAL;
        }
        to[1] = FUTEX_CMP_REQUEUE;
        to[0] = words[0].uaddr, to[2] = (uint32_t)from[2], to[3] = (uint32_t)from[3];
        to[4] = words[1].uaddr, to[5] = wanted;
    }
    to[1] |= flags & FUTEX_PRIVATE_FLAG;
    return is_flags(flags) && !(wanted >> WORD_BITS) && !(bits >> WORD_BITS) ? 0 : -EINVAL;
}

/* Copy what is waited for, and tell whose queue each word belongs to. Returns 0, or an error. */
static int64_t read_words(const struct call *call, struct words *words) {
    words->count = (uint32_t)call->arguments[1];
    words->outside = 0;
    if (!words->count || words->count > FUTEX_WAITV_MAX || !call->arguments[0]) {
        return -EINVAL;
    }
    for (uint32_t i = 0; i < words->count; i++) {
        struct futex_waitv *word = &words->wanted[i];
        if (program_copy(word, (const void *)(call->arguments[0] + i * sizeof *word),
                         sizeof *word)) {
            return -EFAULT;
        }
        if (!is_flags(word->flags) || word->__reserved || word->val >> WORD_BITS) {
            return -EINVAL;
        }
        int is_outside = !(word->flags & FUTEX_PRIVATE_FLAG) && futex_is_shared(word->uaddr);
        words->addresses[i] = is_outside ? 0 : word->uaddr;
        if (is_outside) {
            words->numbers[words->outside++] = (uint8_t)i;
        }
    }
    return 0;
}

/* Whether all words still are as the program saw them. */
static int64_t compare_words(const struct words *words) {
    for (uint32_t i = 0; i < words->count; i++) {
        if (words->wanted[i].uaddr & 3) {
            return -EINVAL;
        }
    }
    for (uint32_t i = 0; i < words->count; i++) {
        uint32_t value;
        if (program_copy(&value, (const void *)words->wanted[i].uaddr, sizeof value)) {
            return -EFAULT;
        }
        if (value != (uint32_t)words->wanted[i].val) {
            return -EAGAIN;
        }
    }
    return 0;
}

/* Leader: sleep in the kernel for the words that others share, and for who is woken here. Returns
 * which of the shared words it was, or an error. */
static int64_t sleep_for_several(struct task *task, const struct words *words,
                                 const uint64_t *arguments) {
    struct futex_waitv waits[FUTEX_WAITV_MAX + 1];
    uint32_t count = 0;
    for (uint32_t i = 0; i < words->outside; i++) {
        waits[count++] = words->wanted[words->numbers[i]];
    }
    if (words->outside < words->count) {
        waits[count++] = (struct futex_waitv){.uaddr = (uint64_t)&task->wake,
                                              .flags = FUTEX_32 | FUTEX_PRIVATE_FLAG};
    }
    uint64_t own[ARGUMENTS_MAX] = {(uint64_t)waits, count, 0, arguments[3], arguments[4]};
    for (;;) {
        int64_t result = gate_interruptible(__NR_futex_waitv, own);
        if (result != words->outside) {
            return result >= 0 ? words->numbers[result] : result;
        }
        if (__atomic_load_n(&task->wake, __ATOMIC_ACQUIRE)) {
            return result; /* the waker said for which word */
        }
    }
}

static int64_t lead_several(struct call *call, struct words *words) {
    futex_wait_begins(call);
    return futex_wait_ends(call, sleep_for_several(call->task, words, call->arguments));
}

static int64_t follow_several(struct call *call) {
    int woken;
    int64_t result = futex_wait_follows(call, &woken);
    if ((woken && result != call->task->futex_index) || result >= (int64_t)call->arguments[1]) {
        call_diverged(call, DIVERGENCE_ORDER, 0, (long)result);
    }
    return result;
}

int64_t futex_several(struct call *call) {
    struct words words;
    struct futex_time time;
    if ((uint32_t)call->arguments[2] || (call->arguments[3] && !is_clock(call->arguments[4]))) {
        return -EINVAL;
    }
    if (call->arguments[3]) {
        if (program_copy(&time, (const void *)call->arguments[3], sizeof time)) {
            return -EFAULT;
        }
        if (!futex_is_time(&time)) {
            return -EINVAL;
        }
    }
    int64_t error = read_words(call, &words);
    error = error ? error : compare_words(&words);
    if (error) {
        return error;
    }
    call->released = 1;
    futex_enqueue(call->task, words.addresses, words.count);
    return is_leader(call->task) ? lead_several(call, &words) : follow_several(call);
}

/* futex_wait, futex_wake, futex_requeue and futex_waitv, where threads take turns. */
int64_t futex_later_call(struct call *call) {
    const struct task *task = call->task;
    if (call->number == __NR_futex_waitv) {
        return task->turns ? futex_inside(call, FUTEX_SEVERAL, NULL)
                           : gate_plain((long)call->number, call->arguments);
    }
    uint64_t asked[ARGUMENTS_MAX];
    uint64_t arguments[ARGUMENTS_MAX] = {0};
    int64_t error = translate(call->arguments, call->number, arguments);
    if (error || (call->number == NUMBER_WAKE && !(uint32_t)arguments[2])) {
        return error;
    }
    copy(asked, call->arguments, sizeof asked);
    copy(call->arguments, arguments, sizeof arguments);
    int64_t result = futex_call(call);
    copy(call->arguments, asked, sizeof asked);
    return result;
}
