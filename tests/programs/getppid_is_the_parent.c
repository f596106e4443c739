// A child's getppid is its parent's getpid, and the numbers of all three generations differ.
#include "check.h"

int main(void) {
    pid_t self = getpid();
    CHECK(self > 0 && getppid() != self);
    pid_t child = fork();
    if (child == 0) {
        pid_t middle = getpid();
        CHECK(getppid() == self && middle != self);
        pid_t grandchild = fork();
        if (grandchild == 0)
            _exit(!(getppid() == middle && getpid() != middle && getpid() != self));
        _exit(exit_code(grandchild));
    }
    CHECK(getpid() == self && exit_code(child) == 0);
    puts("ok");
}
