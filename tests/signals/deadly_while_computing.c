// A signal without a handler ends a process that computes.
#include "signals.h"

int main(void) {
    int ends[2];
    CHECK(pipe(ends) == 0);
    for (int i = 0; i < 5; i++) {
        pid_t child = fork();
        if (child == 0) {
            volatile uint64_t work = 0;
            CHECK(write(ends[1], "x", 1) == 1);
            for (;;)
                work++;
        }
        char byte;
        CHECK(read(ends[0], &byte, 1) == 1 && kill(child, i % 2 ? SIGTERM : SIGKILL) == 0);
        printf("%d\n", ended_by(child));
    }
}
