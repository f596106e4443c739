// A child has a child that has a child; results come back up level by level.
#include "check.h"

static int descend(int level) {
    if (level == 0)
        return 1;
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0)
        _exit(descend(level - 1));
    pid_t other = fork();
    if (other == 0)
        _exit(descend(level - 1));
    return exit_code(child) + exit_code(other);
}

int main(void) { printf("%d\n", descend(3)); }
