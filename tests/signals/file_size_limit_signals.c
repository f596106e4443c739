// RLIMIT_FSIZE: a write past the limit sends SIGXFSZ and fails with EFBIG; unhandled it ends.
#include "signals.h"
#include <sys/resource.h>

int main(void) {
    CHECK(setrlimit(RLIMIT_FSIZE, &(struct rlimit){4096, RLIM_INFINITY}) == 0);
    int file = open("limited", O_CREAT | O_RDWR | O_TRUNC, 0600);
    char block[5000] = {0};
    on(SIGXFSZ, count, 0);
    CHECK(file >= 0 && write(file, block, sizeof block) == 4096 && !counted);
    CHECK_FAILS(write(file, block, 1), EFBIG);
    CHECK(counted == 1 && ftruncate(file, 5000) == -1 && errno == EFBIG && counted == 2);
    CHECK(signal(SIGXFSZ, SIG_DFL) != SIG_ERR);
    pid_t child = fork();
    if (child == 0) {
        setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
        _exit((int)write(file, block, 1));
    }
    printf("%d\n", ended_by(child));
    CHECK(unlink("limited") == 0);
}
