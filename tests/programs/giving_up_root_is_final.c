// A process that became an ordinary user for good cannot come back.
#include "check.h"
#include <grp.h>

int main(void) {
    pid_t child = fork();
    if (child == 0) {
        uid_t real, effective, saved, wanted = geteuid() == 0 ? 65534 : geteuid();
        if (geteuid() == 0) {
            CHECK(seteuid(65534) == 0 && geteuid() == 65534 && getuid() == 0);
            CHECK(seteuid(0) == 0); // the saved id allows it
            CHECK(setgroups(0, NULL) == 0 && setresgid(65534, 65534, 65534) == 0);
        }
        CHECK(setresuid(wanted, wanted, wanted) == 0);
        CHECK(getresuid(&real, &effective, &saved) == 0);
        CHECK(real == wanted && effective == wanted && saved == wanted);
        CHECK_FAILS(setuid(0), EPERM);
        CHECK_FAILS(seteuid(0), EPERM);
        CHECK_FAILS(kill(1, 0), EPERM);
        CHECK_FAILS(setgroups(0, NULL), EPERM);
        CHECK_FAILS(chroot("/"), EPERM);
        _exit(0);
    }
    CHECK(exit_code(child) == 0);
    puts("ok");
}
