/* The system calls of the heap library, its lock and its random numbers. */
#include <asm/unistd_64.h>
#include <linux/futex.h>
#include <linux/mman.h>

#include "heap.h"

static long call(long number, long a, long b, long c, long d, long e, long f) {
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
}

/* Zeroed memory, NULL if there is none; `reserved`: address space only, without any right. */
void *system_map(size_t size, int reserved) {
    long result = call(__NR_mmap, 0, (long)size, reserved ? PROT_NONE : PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | (reserved ? MAP_NORESERVE : 0), -1, 0);
    return result < 0 && result > -4096 ? NULL : (void *)result;
}

void system_unmap(void *address, size_t size) {
    call(__NR_munmap, (long)address, (long)size, 0, 0, 0, 0);
}

void system_protect(void *address, size_t size) {
    call(__NR_mprotect, (long)address, (long)size, PROT_READ | PROT_WRITE, 0, 0, 0);
}

void system_drop(void *address, size_t size) {
    call(__NR_madvise, (long)address, (long)size, MADV_DONTNEED, 0, 0, 0);
}

/* 0: free, 1: taken, 2: taken, and somebody sleeps (Drepper, "Futexes are tricky", mutex 2). */
static uint32_t lock;

void lock_take(void) {
    uint32_t free = 0;
    if (__atomic_compare_exchange_n(&lock, &free, 1, 0, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
        return;
    }
    while (__atomic_exchange_n(&lock, 2, __ATOMIC_ACQUIRE)) {
        call(__NR_futex, (long)&lock, FUTEX_WAIT_PRIVATE, 2, 0, 0, 0);
    }
}

void lock_give(void) {
    if (__atomic_exchange_n(&lock, 0, __ATOMIC_RELEASE) == 2) {
        call(__NR_futex, (long)&lock, FUTEX_WAKE_PRIVATE, 1, 0, 0, 0);
    }
}

/* In a new process that has one thread: whoever slept is not here. */
void lock_renew(void) {
    lock = 0;
}

/* splitmix64 (Steele, Lea, Flood 2014): fast; an attacker who can read its state has the heap. */
static uint64_t state;

void random_seed(uint64_t seed) {
    state = seed;
}

uint64_t random_below(uint64_t bound) {
    uint64_t z = state += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    z ^= z >> 31;
    return (uint64_t)((unsigned __int128)z * bound >> 64);
}

void abort(void) __attribute__((weak, noreturn));

void heap_stop(const char *why) {
    size_t length = 0;
    while (why[length]) {
        length++;
    }
    call(__NR_write, 2, (long)why, (long)length, 0, 0, 0);
    if (abort) {
        abort();
    }
    __builtin_trap();
}
