// access and faccessat tell what the process may do, here as an ordinary user.
#include "check.h"
#include <grp.h>

int main(void) {
    pid_t child = fork();
    if (child == 0) {
        umask(0);
        CHECK(mkdir("d", 0777) == 0 && chdir("d") == 0);
        if (geteuid() == 0) // root may do everything, so it becomes nobody
            CHECK(setgroups(0, NULL) == 0 && setgid(65534) == 0 && setuid(65534) == 0);
        CHECK(close(open("file", O_CREAT | O_WRONLY, 0400)) == 0);
        CHECK(access("file", F_OK) == 0 && access("file", R_OK) == 0);
        CHECK_FAILS(access("file", W_OK), EACCES);
        CHECK_FAILS(access("file", R_OK | X_OK), EACCES);
        CHECK_FAILS(access("missing", F_OK), ENOENT);
        CHECK(faccessat(AT_FDCWD, "file", R_OK, AT_EACCESS) == 0);
        CHECK_FAILS(faccessat(AT_FDCWD, "file", W_OK, AT_EACCESS), EACCES);
        CHECK_FAILS(access("file", 99), EINVAL);
        _exit(0);
    }
    CHECK(exit_code(child) == 0);
    puts("ok");
}
