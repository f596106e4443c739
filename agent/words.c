/*
 * Words on which the agent's own tasks sleep, and locks made of them. A word of the arenas is
 * shared with other processes; the others are the process's own.
 */
#include <asm/unistd_64.h>
#include <linux/futex.h>

#include "agent.h"

static uint32_t private_flag(const void *word) {
    return (uint64_t)word < (uint64_t)image_start + ARENAS_OFFSET ? FUTEX_PRIVATE_FLAG : 0;
}

/* Sleep while the word has that value, for as long as nobody wakes one of the `bits` (0: any), and
 * no longer than that many nanoseconds (0: for ever). Returns what futex(2) does. */
long word_sleep(const void *word, uint32_t value, uint32_t bits, uint64_t nanoseconds) {
    /* The time of FUTEX_WAIT is relative, that of FUTEX_WAIT_BITSET is not: not both are asked for.
     */
    struct {
        uint64_t seconds, nanoseconds;
    } timeout = {nanoseconds / 1000000000, nanoseconds % 1000000000};
    uint32_t operation = bits ? FUTEX_WAIT_BITSET : FUTEX_WAIT;
    return plain(__NR_futex, (uint64_t)word, operation | private_flag(word), value,
                 nanoseconds ? (uint64_t)&timeout : 0, 0, bits);
}

void word_wake(const void *word, uint32_t count, uint32_t bits) {
    uint32_t operation = bits ? FUTEX_WAKE_BITSET : FUTEX_WAKE;
    plain(__NR_futex, (uint64_t)word, operation | private_flag(word), count, 0, 0, bits);
}

/* Take a lock if it is free, else say in it that somebody waits. Returns what it was: who has it
 * then, 0 if it was free. */
uint32_t lock_ask(uint32_t *lock, uint32_t owner) {
    uint32_t seen = 0;
    for (;;) {
        uint32_t wanted = seen ? seen | LOCK_WANTED : owner;
        if (wanted == seen || __atomic_compare_exchange_n(lock, &seen, wanted, 0, __ATOMIC_ACQUIRE,
                                                          __ATOMIC_RELAXED)) {
            return seen;
        }
    }
}

void lock_give(uint32_t *lock) {
    if (__atomic_exchange_n(lock, 0, __ATOMIC_RELEASE) & LOCK_WANTED) {
        word_wake(lock, 1, 0);
    }
}
