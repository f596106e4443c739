// clone(CLONE_FILES | CLONE_FS) shares the descriptor table and the working directory.
#include "check.h"
#include <sched.h>

static int work(void *argument) {
    (void)argument;
    int fd = open("file", O_CREAT | O_RDWR, 0600);
    CHECK(fd >= 0 && dup2(fd, 80) == 80 && write(80, "shared", 6) == 6);
    CHECK(mkdir("d", 0700) == 0 && chdir("d") == 0);
    return 0;
}

int main(void) {
    enum { SIZE = 65536 };
    char *stack = aligned_alloc(16, SIZE), text[8] = "";
    CHECK(stack);
    pid_t child = clone(work, stack + SIZE, CLONE_FILES | CLONE_FS | SIGCHLD, NULL);
    CHECK(child > 0 && exit_code(child) == 0);
    CHECK(pread(80, text, sizeof text, 0) == 6);
    CHECK(access("../file", F_OK) == 0);
    puts(text);
    free(stack);
}
