// A fault whose signal is blocked or ignored ends the process.
#include "signals.h"
#include <sys/resource.h>

int main(void) {
    for (int way = 0; way < 2; way++) {
        pid_t child = fork();
        if (child == 0) {
            setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
            if (way)
                CHECK(signal(SIGSEGV, SIG_IGN) != SIG_ERR);
            else
                on(SIGSEGV, count, 0);
            block(SIGSEGV);
            *(volatile int *)8 = 1;
        }
        printf("%d\n", ended_by(child));
    }
}
