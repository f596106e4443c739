// RLIMIT_CPU sends SIGXCPU at the soft limit, and SIGKILL at the hard one.
#include "signals.h"
#include <sys/resource.h>

int main(void) {
    pid_t child = fork();
    if (child == 0) {
        on(SIGXCPU, count, 0);
        CHECK(setrlimit(RLIMIT_CPU, &(struct rlimit){1, 3}) == 0);
        volatile uint64_t work = 0;
        while (!counted)
            work++;
        _exit(3);
    }
    CHECK(exit_code(child) == 3);
    child = fork();
    if (child == 0) {
        CHECK(setrlimit(RLIMIT_CPU, &(struct rlimit){1, 1}) == 0);
        volatile uint64_t work = 0;
        for (;;)
            work++;
    }
    CHECK(ended_by(child) == SIGKILL);
    puts("ok");
}
