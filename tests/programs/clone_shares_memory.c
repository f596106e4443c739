// clone(CLONE_VM) with a stack of its own: the child's stores are the parent's.
#include "check.h"
#include <sched.h>

static int value;

static int work(void *argument) {
    value = *(int *)argument * 2;
    return 4;
}

int main(void) {
    enum { SIZE = 65536 };
    char *stack = aligned_alloc(16, SIZE);
    int argument = 21;
    CHECK(stack);
    pid_t child = clone(work, stack + SIZE, CLONE_VM | CLONE_VFORK | SIGCHLD, &argument);
    CHECK(child > 0 && exit_code(child) == 4 && value == 42);
    argument = 5;
    child = clone(work, stack + SIZE, CLONE_VM | SIGCHLD, &argument);
    CHECK(child > 0 && exit_code(child) == 4 && value == 10);
    child = clone(work, stack + SIZE, SIGCHLD, &(int){50});
    CHECK(child > 0 && exit_code(child) == 4);
    printf("%d\n", value);
    free(stack);
}
