// System V semaphores: values, waiting for a child, no-wait, undo at exit.
#include "check.h"
#include <sys/sem.h>

int main(void) {
    int id = semget(IPC_PRIVATE, 2, IPC_CREAT | 0600);
    CHECK(id >= 0);
    struct sembuf take = {0, -1, IPC_NOWAIT}, wait_for_two = {0, -2, 0};
    int failure = semop(id, &take, 1) == -1 ? errno : 0;
    pid_t child = fork();
    if (child == 0) {
        struct sembuf give = {0, 1, 0}, borrow = {1, 5, SEM_UNDO};
        CHECK(semop(id, &borrow, 1) == 0);
        CHECK(semop(id, &give, 1) == 0 && semop(id, &give, 1) == 0);
        _exit(0);
    }
    int waited = semop(id, &wait_for_two, 1), code = exit_code(child);
    int first = semctl(id, 0, GETVAL), second = semctl(id, 1, GETVAL);
    CHECK(semctl(id, 0, IPC_RMID) == 0);
    CHECK(failure == EAGAIN && waited == 0 && code == 0);
    CHECK_FAILS(semctl(id, 0, GETVAL), EINVAL);
    printf("%d %d\n", first, second);
}
