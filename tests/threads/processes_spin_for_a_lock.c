// Processes spin for a lock in memory that they share, some with pause, some with sched_yield.
#include "seen.h"
#include <sched.h>
#include <stdatomic.h>
#include <sys/mman.h>

enum { PROCESSES = 3, ROUNDS = 60 };

int main(void) {
    atomic_int *lock = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    atomic_int *count = lock + 16;
    pid_t child[PROCESSES];
    CHECK(lock != MAP_FAILED);
    for (int i = 0; i < PROCESSES; i++) {
        child[i] = fork();
        CHECK(child[i] >= 0);
        if (child[i])
            continue;
        for (int k = 0; k < ROUNDS; k++) {
            while (atomic_exchange(lock, 1))
                if (i == 1)
                    sched_yield();
                else
                    __builtin_ia32_pause();
            int mine = ++*count;
            if (k % 20 == 0) {
                printf("%d: %d\n", i, mine); // with the lock held
                fflush(stdout);
            }
            atomic_store(lock, 0);
        }
        _exit(i);
    }
    for (int i = 0; i < PROCESSES; i++)
        CHECK(exit_code(child[i]) == i);
    CHECK(*count == PROCESSES * ROUNDS);
}
