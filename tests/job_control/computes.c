// Computes until SIGTERM comes, then exits with status 5.
#include "../signals/signals.h"

int main(void) {
    on(SIGTERM, count, 0);
    printf("%d\n", (int)getpid());
    CHECK(fflush(stdout) == 0);
    volatile uint64_t work = 0;
    while (!counted)
        work++;
    return 5;
}
