// Processes count in memory that they share, and print what each count found.
#include "seen.h"
#include <stdatomic.h>
#include <sys/mman.h>

enum { PROCESSES = 4, TICKETS = 60 };

int main(void) {
    atomic_int *count = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t child[PROCESSES];
    CHECK(count != MAP_FAILED);
    for (int i = 0; i < PROCESSES; i++) {
        child[i] = fork();
        CHECK(child[i] >= 0);
        if (child[i])
            continue;
        for (int k = 0; k < TICKETS; k++) {
            char line[64];
            int size = snprintf(line, sizeof line, "%d has %d\n", i, atomic_fetch_add(count, 1));
            CHECK(write(1, line, (size_t)size) == size);
            if (k % 10 == 0)
                usleep(100);
        }
        _exit(i);
    }
    for (int i = 0; i < PROCESSES; i++)
        CHECK(exit_code(child[i]) == i);
    CHECK(*count == PROCESSES * TICKETS);
}
