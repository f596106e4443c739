// PR_SET_PDEATHSIG: a process gets the signal that it asked for when its parent ends.
#include "signals.h"
#include <sys/prctl.h>

int main(void) {
    int ends[2];
    char word[8] = "";
    CHECK(pipe(ends) == 0);
    for (int way = 0; way < 3; way++) {
        pid_t child = fork();
        if (child == 0) {
            pid_t parent = getpid();
            if (fork() == 0) {
                on(SIGUSR1, count, 0);
                CHECK(prctl(PR_SET_PDEATHSIG, SIGUSR1) == 0);
                CHECK(write(ends[1], "r", 1) == 1);
                if (way == 0)
                    while (!counted)
                        pause();
                else
                    while (!counted)
                        continue;
                sleep_ms(1);
                CHECK(getppid() != parent && write(ends[1], "d", 1) == 1);
                _exit(0);
            }
            CHECK(read(ends[0], word, 1) == 1);
            if (way == 2)
                raise(SIGKILL);
            _exit(0);
        }
        wait_status(child);
        CHECK(read(ends[0], word, 1) == 1 && word[0] == 'd');
    }
    puts("ok");
}
