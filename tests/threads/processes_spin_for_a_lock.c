// Processes spin for a lock in memory that they share, some with pause, some with sched_yield.
#include "seen.h"
#include <sched.h>
#include <stdatomic.h>

enum { PROCESSES = 3, ROUNDS = 60 };

static atomic_int *lock, *count;

static void work(int self) {
    for (int k = 0; k < ROUNDS; k++) {
        while (atomic_exchange(lock, 1))
            if (self == 1)
                sched_yield();
            else
                __builtin_ia32_pause();
        int mine = ++*count;
        if (k % 20 == 0) {
            printf("%d: %d\n", self, mine); // with the lock held
            fflush(stdout);
        }
        atomic_store(lock, 0);
    }
}

int main(void) {
    lock = shared_memory(4096);
    count = lock + 16;
    run_processes(PROCESSES, work);
    CHECK(*count == PROCESSES * ROUNDS);
}
