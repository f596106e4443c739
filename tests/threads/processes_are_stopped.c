// A process that computes in memory which it shares is stopped by another, which goes on meanwhile.
#include "seen.h"
#include <signal.h>

enum { ROUNDS = 3 };

struct shared {
    volatile unsigned turns, word, calls;
};

static void compute(struct shared *shared) {
    for (unsigned i = 1;; i++) {
        shared->turns += 1 + scrambled(i) % 2;
        if (shared->word) {
            shared->calls++;
            shared->word = 0;
            if (shared->calls % 2)
                getppid();
        }
    }
}

int main(void) {
    struct shared *shared = shared_memory(4096);
    pid_t child = fork();
    CHECK(child >= 0);
    if (!child)
        compute(shared);
    for (unsigned round = 1; round <= ROUNDS; round++) {
        int how;
        usleep(round % 3 ? 0 : 20000);
        CHECK(kill(child, SIGSTOP) == 0);
        CHECK(waitpid(child, &how, WUNTRACED) == child && WIFSTOPPED(how));
        unsigned turns = shared->turns;
        shared->word = 1;
        for (int i = 0; i < 100; i++)
            getppid();
        usleep(1000);
        CHECK(shared->turns == turns && shared->word == 1 && shared->calls == round - 1);
        CHECK(kill(child, SIGCONT) == 0);
        while (shared->word)
            usleep(100);
        CHECK(shared->calls == round);
    }
    CHECK(kill(child, SIGKILL) == 0 && waitpid(child, NULL, 0) == child);
    puts("ok");
}
