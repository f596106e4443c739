// What the programs of this folder have in common: each does one thing with threads, is right whatever
// their interleaving, checks itself, and prints the interleaving that it saw.
#include "../programs/check.h"
#include <pthread.h>
#include <stdint.h>
#include <sys/mman.h>

#define COUNT(array) ((int)(sizeof(array) / sizeof(array)[0]))

static char seen[1 << 16];
static unsigned seen_count;

// One letter for what happened now.
__attribute__((unused)) static void note(int letter) {
    unsigned place = __atomic_fetch_add(&seen_count, 1, __ATOMIC_SEQ_CST);
    CHECK(place < sizeof seen);
    seen[place] = (char)letter;
}

// How often a letter was noted.
__attribute__((unused)) static unsigned noted(int letter) {
    unsigned count = 0;
    for (unsigned i = 0; i < seen_count; i++)
        count += seen[i] == letter;
    return count;
}

// Print what was noted; a number is how often the letter before it came in a row.
__attribute__((unused)) static void show_seen(void) {
    for (unsigned i = 0, end; i < seen_count; i = end) {
        for (end = i + 1; end < seen_count && seen[end] == seen[i]; end++)
            ;
        printf(end - i > 1 ? "%c%u" : "%c", seen[i], end - i);
    }
    printf("\n");
}

// Start `count` threads, with 0, 1, 2... as their arguments, and wait for all of them.
__attribute__((unused)) static void run_threads(int count, void *(*work)(void *)) {
    pthread_t threads[256];
    CHECK(count <= COUNT(threads));
    for (intptr_t i = 0; i < count; i++)
        CHECK(pthread_create(&threads[i], NULL, work, (void *)i) == 0);
    for (int i = 0; i < count; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
}

// Memory that this process shares with its children, all zero.
__attribute__((unused)) static void *shared_memory(size_t size) {
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(memory != MAP_FAILED);
    return memory;
}

// Run `work` in `count` children, with 0, 1, 2..., and wait for them; each ends with its number.
__attribute__((unused)) static void run_processes(int count, void (*work)(int)) {
    pid_t children[16];
    CHECK(count <= COUNT(children));
    for (int i = 0; i < count; i++) {
        children[i] = fork();
        CHECK(children[i] >= 0);
        if (!children[i]) {
            work(i);
            _exit(i);
        }
    }
    for (int i = 0; i < count; i++)
        CHECK(exit_code(children[i]) == i);
}

__attribute__((unused)) static int number(void *argument) { return (int)(intptr_t)argument; }

// Compute without a call.
__attribute__((noinline, unused)) static uint64_t scrambled(uint64_t value) {
    for (int round = 0; round < 2000; round++)
        value = (value * 6364136223846793005U + 1442695040888963407U) ^ value >> 17;
    return value;
}
