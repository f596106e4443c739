// Whoever attaches a segment first finds zeros in it, and is its only user.
#include "check.h"
#include <sys/shm.h>

int main(void) {
    for (int i = 0; i < 20; i++) {
        int id = shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0600);
        CHECK(id >= 0);
        int *words = shmat(id, NULL, 0);
        CHECK(words != (void *)-1);
        struct shmid_ds status;
        int known = shmctl(id, IPC_STAT, &status), removed = shmctl(id, IPC_RMID, NULL);
        CHECK(known == 0 && removed == 0 && status.shm_nattch == 1);
        if (words[0] == 0)
            words[0] = 1;
        else
            words[0] += 100;
        printf("%d", words[0]);
        CHECK(shmdt(words) == 0);
    }
    puts("");
}
