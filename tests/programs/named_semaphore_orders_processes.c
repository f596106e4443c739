// A semaphore with a name, which lies in a mapped file, lets two processes take turns.
#include "check.h"
#include <semaphore.h>

int main(void) {
    char name[32];
    snprintf(name, sizeof name, "/mvx-sem-%d", (int)getpid());
    sem_t *mine = sem_open(name, O_CREAT | O_EXCL, 0600, 0);
    CHECK(mine != SEM_FAILED && sem_trywait(mine) == -1 && errno == EAGAIN);
    CHECK(sem_open(name, O_CREAT | O_EXCL, 0600, 0) == SEM_FAILED && errno == EEXIST);
    pid_t child = fork();
    if (child == 0) {
        sem_t *same = sem_open(name, 0);
        CHECK(same != SEM_FAILED && sem_post(same) == 0 && sem_post(same) == 0);
        _exit(0);
    }
    CHECK(sem_wait(mine) == 0 && exit_code(child) == 0 && sem_wait(mine) == 0);
    int value;
    CHECK(sem_getvalue(mine, &value) == 0 && sem_unlink(name) == 0);
    printf("%d\n", value);
}
