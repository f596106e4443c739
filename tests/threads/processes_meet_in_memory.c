// Processes that share nothing but a name map the same file, and attach the same segment.
#include "seen.h"
#include <fcntl.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/shm.h>

enum { PROCESSES = 3, TICKETS = 40 };

static void draw(int self, const char *where, atomic_int *count) {
    for (int i = 0; i < TICKETS; i++) {
        char line[64];
        int mine = atomic_fetch_add(count, 1);
        int size = snprintf(line, sizeof line, "%d has %d of the %s\n", self, mine, where);
        CHECK(write(1, line, (size_t)size) == size);
    }
}

static int segment;

static void work(int self) {
    atomic_int *attached = shmat(segment, NULL, 0);
    CHECK(attached != (void *)-1);
    draw(self, "segment", attached);
    int file = open("counters", O_RDWR);
    atomic_int *mapped = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    CHECK(mapped != MAP_FAILED);
    draw(self, "file", mapped);
}

int main(void) {
    segment = shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0600);
    int file = open("counters", O_RDWR | O_CREAT | O_TRUNC, 0600);
    CHECK(segment >= 0 && file >= 0 && ftruncate(file, 4096) == 0 && close(file) == 0);
    run_processes(PROCESSES, work);
    CHECK(shmctl(segment, IPC_RMID, NULL) == 0 && unlink("counters") == 0);
}
