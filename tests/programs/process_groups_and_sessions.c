// setpgid, getpgid, setsid and getsid keep their rules.
#include "check.h"

int main(void) {
    pid_t group = getpgrp(), session = getsid(0);
    CHECK(group == getpgid(0) && getpgid(getpid()) == group);
    pid_t child = fork();
    if (child == 0) {
        pid_t self = getpid();
        CHECK(getpgrp() == group && getsid(0) == session);
        CHECK(setpgid(0, 0) == 0 && getpgrp() == self);
        CHECK_FAILS(setsid(), EPERM); // a group leader may not
        pid_t grandchild = fork();
        if (grandchild == 0) {
            CHECK(getpgrp() == self && setsid() == getpid());
            CHECK(getpgrp() == getpid() && getsid(0) == getpid() && getsid(self) == session);
            CHECK_FAILS(setpgid(0, self), EPERM);
            _exit(0);
        }
        _exit(exit_code(grandchild));
    }
    CHECK(exit_code(child) == 0);
    CHECK_FAILS(setpgid(0, -1), EINVAL);
    puts("ok");
}
