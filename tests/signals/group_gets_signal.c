// killpg reaches every process of the group once, whatever each is doing; SIGKILL ends all.
#include "signals.h"
#include <poll.h>

int main(void) {
    int ends[2];
    char byte;
    CHECK(pipe(ends) == 0);
    on(SIGUSR1, count, 0);
    pid_t children[4];
    for (int i = 0; i < 4; i++) {
        children[i] = fork();
        if (children[i] == 0) {
            CHECK(setpgid(0, i ? children[0] : 0) == 0);
            CHECK(write(ends[1], "r", 1) == 1);
            for (int seen = 0; seen < 3; seen++) {
                while (counted == seen)
                    switch (i) {
                    case 0: sleep_ms(1); break;
                    case 1: break;
                    case 2: poll(NULL, 0, 1); break;
                    case 3: getppid(); break;
                    }
                CHECK(write(ends[1], "s", 1) == 1);
            }
            for (;;)
                i % 2 ? 0 : pause();
        }
        CHECK(read(ends[0], &byte, 1) == 1 && byte == 'r');
    }
    for (int round = 0; round < 3; round++) {
        CHECK(killpg(children[0], SIGUSR1) == 0);
        for (int i = 0; i < 4; i++)
            CHECK(read(ends[0], &byte, 1) == 1 && byte == 's');
    }
    CHECK(killpg(children[0], SIGKILL) == 0);
    for (int i = 0; i < 4; i++)
        CHECK(ended_by(children[i]) == SIGKILL);
    CHECK_FAILS(killpg(children[0], 0), ESRCH);
    puts("ok");
}
