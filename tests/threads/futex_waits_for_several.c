// futex_waitv tells which of its words was woken, by a thread or by a process that shares the word; futex_wait,
// futex_wake and futex_requeue do as futex(2) does.
#include "futex.h"
#include <sched.h>
#include <time.h>

enum { WORDS = 5, ROUNDS = 20, SIZE_32 = 2, OWN = 128, WAITV = 449, WAKE = 454, WAIT = 455, REQUEUE = 456 };

struct wait {
    uint64_t value, address;
    uint32_t flags, reserved;
};

static uint32_t words[WORDS];
static struct wait waits[WORDS];
static int ready;

static int wait_for_all(const struct timespec *until) {
    return (int)syscall(WAITV, waits, WORDS, 0, until, CLOCK_MONOTONIC);
}

static long wake_one(uint32_t *word, int flags) { return syscall(WAKE, word, 1, 1, flags); }

static void *waker(void *argument) {
    for (int round = 0; round < ROUNDS; round++) {
        while (!__atomic_exchange_n(&ready, 0, __ATOMIC_SEQ_CST))
            sched_yield();
        while (wake_one(&words[round * 3 % (WORDS - 1)], SIZE_32 | OWN) == 0)
            sched_yield();
    }
    return argument;
}

static void *sleeper(void *argument) {
    CHECK(syscall(WAIT, &words[0], 0L, 1L, SIZE_32 | OWN, NULL, 0) == 0);
    note('s');
    return argument;
}

static void fails_with(int error, long result) { CHECK(result == -1 && errno == error); }

static void errors(void) {
    struct timespec past = {0, 1};
    waits[2].value = 7;
    fails_with(EAGAIN, wait_for_all(NULL));
    waits[2].value = 0;
    fails_with(ETIMEDOUT, wait_for_all(&past));
    fails_with(EINVAL, syscall(WAITV, waits, 0, 0, NULL, 0));
    fails_with(EINVAL, syscall(WAITV, waits, 129, 0, NULL, 0));
    fails_with(EINVAL, syscall(WAITV, waits, 1, 1, NULL, 0));
    fails_with(EFAULT, syscall(WAITV, 8L, 1, 0, NULL, 0));
    waits[1].address++;
    fails_with(EINVAL, wait_for_all(NULL));
    waits[1].address--;
    fails_with(EAGAIN, syscall(WAIT, &words[0], 1L, ~0U, SIZE_32 | OWN, NULL, 0));
    fails_with(EINVAL, syscall(WAIT, &words[0], 0L, 0L, SIZE_32 | OWN, NULL, 0));
    fails_with(EINVAL, syscall(WAIT, &words[0], 0L, 1L, OWN, NULL, 0));
    fails_with(EINVAL, syscall(WAIT, &words[0], 1L << 32, 1L, SIZE_32 | OWN, NULL, 0));
    CHECK(syscall(WAKE, &words[0], 1L, 0, SIZE_32 | OWN) == 0);
}

static void requeue(void) {
    pthread_t thread;
    struct wait both[2] = {{0, (uint64_t)&words[0], SIZE_32 | OWN, 0},
                           {0, (uint64_t)&words[1], SIZE_32 | OWN, 0}};
    CHECK(pthread_create(&thread, NULL, sleeper, NULL) == 0);
    while (syscall(REQUEUE, both, 0, 0, 1) == 0)
        sched_yield();
    CHECK(wake_one(&words[0], SIZE_32 | OWN) == 0);
    CHECK(wake_one(&words[1], SIZE_32 | OWN) == 1);
    CHECK(pthread_join(thread, NULL) == 0);
}

int main(void) {
    pthread_t thread;
    uint32_t *shared = shared_memory(4096);
    for (int i = 0; i < WORDS; i++) {
        int is_last = i == WORDS - 1;
        waits[i].address = (uint64_t)(is_last ? shared : &words[i]);
        waits[i].flags = SIZE_32 | (is_last ? 0 : OWN);
    }
    if (syscall(WAKE, &words[0], 1L, 1, SIZE_32) == -1 && errno == ENOSYS)
        return 0; // before Linux 6.7
    CHECK(pthread_create(&thread, NULL, waker, NULL) == 0);
    errors();
    for (int round = 0; round < ROUNDS; round++) {
        __atomic_store_n(&ready, 1, __ATOMIC_SEQ_CST);
        int word = wait_for_all(NULL);
        CHECK(word == round * 3 % (WORDS - 1));
        note('0' + word);
    }
    CHECK(pthread_join(thread, NULL) == 0);
    requeue();
    pid_t child = fork();
    if (!child) {
        while (wake_one(shared, SIZE_32) == 0)
            usleep(1000);
        _exit(0);
    }
    CHECK(wait_for_all(NULL) == WORDS - 1);
    CHECK(exit_code(child) == 0);
    show_seen();
    return 0;
}
