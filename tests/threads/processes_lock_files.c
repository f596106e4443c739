// Processes that share memory wait for each other's locks on files: flock, fcntl, and those of open
// files.
#define _GNU_SOURCE
#include "seen.h"
#include <fcntl.h>
#include <sys/file.h>

enum { PROCESSES = 3, ROUNDS = 30 };

static void take(int file, int way, int type) {
    struct flock lock = {.l_type = (short)type, .l_whence = SEEK_SET, .l_len = 1};
    if (way == 0)
        CHECK(flock(file, type == F_UNLCK ? LOCK_UN : LOCK_EX) == 0);
    else
        CHECK(fcntl(file, way == 1 ? F_SETLKW : F_OFD_SETLKW, &lock) == 0);
}

static int *shared;

static void work(int self) {
    int file = open("locked", O_RDWR);
    CHECK(file >= 0);
    for (int k = 0; k < ROUNDS; k++) {
        take(file, k % 3, F_WRLCK);
        int mine = ++shared[k % 3];
        if (k % 10 == self)
            usleep(200);
        CHECK(shared[k % 3] == mine);
        if (mine % 7 == 0)
            printf("%d has %d\n", self, mine);
        take(file, k % 3, F_UNLCK);
    }
    fflush(stdout);
}

int main(void) {
    shared = shared_memory(4096);
    int made = open("locked", O_RDWR | O_CREAT, 0600);
    CHECK(write(made, "lock", 4) == 4 && close(made) == 0);
    run_processes(PROCESSES, work);
    CHECK(shared[0] + shared[1] + shared[2] == PROCESSES * ROUNDS);
    CHECK(unlink("locked") == 0);
}
