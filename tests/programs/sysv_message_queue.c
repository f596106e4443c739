// System V messages come by type, across processes, and too long ones stay.
#include "check.h"
#include <sys/msg.h>

struct message {
    long type;
    char text[32];
};

int main(void) {
    int id = msgget(IPC_PRIVATE, IPC_CREAT | 0600);
    CHECK(id >= 0);
    pid_t child = fork();
    if (child == 0) {
        struct message one = {1, "first"}, two = {2, "second"}, three = {1, "third"};
        CHECK(msgsnd(id, &one, 6, 0) == 0 && msgsnd(id, &two, 7, 0) == 0);
        _exit(msgsnd(id, &three, 6, 0));
    }
    int code = exit_code(child);
    struct message got[3] = {0}, none;
    ssize_t counts[3] = {msgrcv(id, &got[0], 32, 2, 0), msgrcv(id, &got[1], 32, 0, 0), 0};
    bool too_long = msgrcv(id, &got[2], 2, 0, 0) == -1 && errno == E2BIG;
    counts[2] = msgrcv(id, &got[2], 32, 0, 0);
    bool empty = msgrcv(id, &none, 32, 0, IPC_NOWAIT) == -1 && errno == ENOMSG;
    CHECK(msgctl(id, IPC_RMID, NULL) == 0);
    CHECK(code == 0 && counts[0] == 7 && counts[1] == 6 && counts[2] == 6 && too_long && empty);
    printf("%s %s %s\n", got[0].text, got[1].text, got[2].text);
}
