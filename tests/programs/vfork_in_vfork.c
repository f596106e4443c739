// Children of vfork that vfork, forty deep: each has descriptors of its own in the memory that all
// share.
#include <fcntl.h>

#include "check.h"

enum { DEPTH = 40 };

static volatile int born;
static volatile int numbers[DEPTH];

#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

static void __attribute__((noinline)) descend(int depth) {
    pid_t child = vfork();
    if (child < 0)
        _exit(9);
    if (child == 0) {
        born++;
        numbers[depth] = open("/dev/null", O_RDONLY);
        if (depth + 1 < DEPTH)
            descend(depth + 1);
        _exit(0);
    }
    int status;
    if (waitpid(child, &status, 0) != child || status)
        _exit(8);
}

int main(void) {
    int free_number = dup(0);
    CHECK(close(free_number) == 0);
    descend(0);
    CHECK(born == DEPTH);
    for (int depth = 0; depth < DEPTH; depth++)
        CHECK(numbers[depth] == free_number + depth); // the parent's are inherited
    CHECK(dup(0) == free_number);                     // and this one's are as they were
    puts("ok");
}
