// A process that shares its parent's memory, but is no thread of it, ends; its parent goes on.
#include "check.h"
#include <sched.h>
#include <sys/mman.h>

static volatile int seen;

static int leaves(void *argument) {
    (void)argument;
    seen++;
    _exit(seen);
}

int main(void) {
    char *stack = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(stack != MAP_FAILED);
    for (int i = 1; i <= 20; i++) {
        pid_t child = clone(leaves, stack + 65536, CLONE_VM | SIGCHLD, NULL);
        CHECK(child > 0 && exit_code(child) == i);
    }
    printf("%d\n", seen);
}
