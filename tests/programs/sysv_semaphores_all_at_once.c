// All semaphores of a set are set and read at once.
#include "check.h"
#include <sys/sem.h>

int main(void) {
    enum { COUNT = 7 };
    unsigned short values[COUNT], wanted[COUNT] = {3, 1, 4, 1, 5, 9, 2};
    int id = semget(IPC_PRIVATE, COUNT, IPC_CREAT | 0600);
    CHECK(id >= 0);
    int set = semctl(id, 0, SETALL, wanted), got = semctl(id, 0, GETALL, values);
    int single = semctl(id, 5, GETVAL), removed = semctl(id, 0, IPC_RMID);
    CHECK(set == 0 && got == 0 && single == 9 && removed == 0);
    CHECK_FAILS(semctl(id, 0, GETALL, values), EINVAL);
    CHECK_FAILS(semctl(id, 0, SETALL, wanted), EINVAL);
    for (int i = 0; i < COUNT; i++)
        printf("%d%c", values[i], i == COUNT - 1 ? '\n' : ' ');
}
