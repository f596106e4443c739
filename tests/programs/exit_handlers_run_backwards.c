// atexit handlers and destructors run in reverse at exit and not at all at _exit.
#include "check.h"

static void first(void) { printf("first registered\n"); }
static void second(void) { printf("second registered\n"); }
__attribute__((constructor)) static void before(void) { printf("constructor\n"); }
__attribute__((destructor)) static void after(void) { printf("destructor\n"); }

int main(void) {
    CHECK(atexit(first) == 0 && atexit(second) == 0);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0)
        _exit(0);
    CHECK(exit_code(child) == 0);
    printf("main\n");
}
