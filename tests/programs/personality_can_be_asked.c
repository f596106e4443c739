// personality(0xffffffff) asks without changing.
#include "check.h"
#include <sys/personality.h>

int main(void) {
    int before = personality(0xffffffff);
    CHECK(before != -1 && (before & PER_MASK) == PER_LINUX);
    CHECK(personality(0xffffffff) == before);
    pid_t child = fork();
    if (child == 0)
        _exit(personality(0xffffffff) != before);
    CHECK(exit_code(child) == 0);
    puts("ok");
}
