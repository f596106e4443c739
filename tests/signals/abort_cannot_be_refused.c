// abort ends the program although SIGABRT is blocked, ignored, or handled by a function that
// returns.
#include "signals.h"
#include <setjmp.h>
#include <sys/resource.h>

static sigjmp_buf back;

static void leave(int number) {
    siglongjmp(back, number);
}

int main(void) {
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    for (int way = 0; way < 3; way++) {
        pid_t child = fork();
        if (child == 0) {
            if (way == 0)
                block(SIGABRT);
            else if (way == 1)
                CHECK(signal(SIGABRT, SIG_IGN) != SIG_ERR);
            else
                on(SIGABRT, count, 0);
            abort();
        }
        printf("%d ", ended_by(child));
    }
    pid_t child = fork();
    if (child == 0) {
        on(SIGABRT, leave, 0);
        if (sigsetjmp(back, 1) == 0)
            abort();
        _exit(17);
    }
    printf("%d\n", exit_code(child));
}
