// Processes count in memory that they share, and print what each count found.
#include "seen.h"
#include <stdatomic.h>

enum { PROCESSES = 4, TICKETS = 60 };

static atomic_int *count;

static void draw(int self) {
    for (int k = 0; k < TICKETS; k++) {
        char line[64];
        int size = snprintf(line, sizeof line, "%d has %d\n", self, atomic_fetch_add(count, 1));
        CHECK(write(1, line, (size_t)size) == size);
        if (k % 10 == 0)
            usleep(100);
    }
}

int main(void) {
    count = shared_memory(4096);
    run_processes(PROCESSES, draw);
    CHECK(*count == PROCESSES * TICKETS);
}
