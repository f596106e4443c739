// A SIGPIPE handler runs once per failed write, before the write returns EPIPE.
#include "check.h"

static volatile sig_atomic_t count;

static void handle(int number) {
    CHECK(number == SIGPIPE);
    count++;
}

int main(void) {
    int ends[2];
    CHECK(signal(SIGPIPE, handle) != SIG_ERR);
    CHECK(pipe(ends) == 0 && close(ends[0]) == 0);
    for (int i = 0; i < 5; i++) {
        CHECK_FAILS(write(ends[1], "x", 1), EPIPE);
        CHECK(count == i + 1);
    }
    printf("%d\n", (int)count);
}
