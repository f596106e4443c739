// Processes that share memory wait for each other's locks on files: flock, fcntl, and those of open
// files.
#define _GNU_SOURCE
#include "seen.h"
#include <fcntl.h>
#include <stdatomic.h>
#include <sys/file.h>
#include <sys/mman.h>

enum { PROCESSES = 3, ROUNDS = 30 };

static void take(int file, int way, int type) {
    struct flock lock = {.l_type = (short)type, .l_whence = SEEK_SET, .l_len = 1};
    if (way == 0)
        CHECK(flock(file, type == F_UNLCK ? LOCK_UN : LOCK_EX) == 0);
    else
        CHECK(fcntl(file, way == 1 ? F_SETLKW : F_OFD_SETLKW, &lock) == 0);
}

int main(void) {
    int *shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int made = open("locked", O_RDWR | O_CREAT, 0600);
    pid_t child[PROCESSES];
    CHECK(shared != MAP_FAILED && write(made, "lock", 4) == 4 && close(made) == 0);
    for (int i = 0; i < PROCESSES; i++) {
        child[i] = fork();
        CHECK(child[i] >= 0);
        if (child[i])
            continue;
        int file = open("locked", O_RDWR);
        CHECK(file >= 0);
        for (int k = 0; k < ROUNDS; k++) {
            take(file, k % 3, F_WRLCK);
            int mine = ++shared[k % 3];
            if (k % 10 == i)
                usleep(200);
            CHECK(shared[k % 3] == mine);
            if (mine % 7 == 0)
                printf("%d has %d\n", i, mine);
            take(file, k % 3, F_UNLCK);
        }
        fflush(stdout);
        _exit(i);
    }
    for (int i = 0; i < PROCESSES; i++)
        CHECK(exit_code(child[i]) == i);
    CHECK(shared[0] + shared[1] + shared[2] == PROCESSES * ROUNDS);
    CHECK(unlink("locked") == 0);
}
