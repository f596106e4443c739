// A System V segment is one memory for parent and child and is gone when removed.
#include "check.h"
#include <sys/shm.h>

int main(void) {
    int id = shmget(IPC_PRIVATE, 10000, IPC_CREAT | 0600);
    CHECK(id >= 0);
    char *memory = shmat(id, NULL, 0), *reader = shmat(id, NULL, SHM_RDONLY);
    CHECK(shmctl(id, IPC_RMID, NULL) == 0); // lives until the last detach
    CHECK(memory != (void *)-1 && reader != (void *)-1 && memory != reader);
    CHECK(memory[0] == 0 && memory[9999] == 0);
    strcpy(memory, "parent");
    pid_t child = fork();
    if (child == 0) {
        CHECK(strcmp(reader, "parent") == 0);
        strcpy(memory + 5000, "child");
        _exit(0);
    }
    CHECK(exit_code(child) == 0);
    struct shmid_ds facts;
    CHECK(shmctl(id, IPC_STAT, &facts) == 0 && facts.shm_segsz == 10000 && facts.shm_nattch == 2);
    CHECK(facts.shm_cpid == getpid());
    printf("%s %s\n", reader, reader + 5000);
    CHECK(shmdt(memory) == 0 && shmdt(reader) == 0);
    CHECK_FAILS(shmctl(id, IPC_STAT, &facts), EINVAL);
}
