// Makes calls until SIGTERM comes, then exits with status 5: it is nearly always in one.
#include "../signals/signals.h"

int main(void) {
    on(SIGTERM, count, 0);
    printf("%d\n", (int)getpid());
    CHECK(fflush(stdout) == 0);
    while (!counted)
        CHECK(getppid() > 0);
    return 5;
}
