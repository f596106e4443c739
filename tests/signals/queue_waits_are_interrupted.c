// msgrcv and semop end with EINTR, SA_RESTART or not.
#include "signals.h"
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>

int main(void) {
    int queue = msgget(IPC_PRIVATE, 0600), semaphores = semget(IPC_PRIVATE, 1, 0600);
    CHECK(queue >= 0 && semaphores >= 0);
    for (int i = 0; i < 2; i++) {
        struct {
            long type;
            char text[8];
        } message;
        struct sembuf take = {0, -1, 0};
        on(SIGALRM, count, i ? SA_RESTART : 0);
        alarm_us(3000, 3000);
        CHECK_FAILS(msgrcv(queue, &message, sizeof message.text, 0, 0), EINTR);
        CHECK_FAILS(semop(semaphores, &take, 1), EINTR);
    }
    alarm_us(0, 0);
    CHECK(counted >= 4 && msgctl(queue, IPC_RMID, NULL) == 0);
    CHECK(semctl(semaphores, 0, IPC_RMID) == 0);
    puts("ok");
}
