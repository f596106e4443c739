// A user without permission gets EACCES for files and for all below a closed directory.
#include "check.h"
#include <grp.h>

int main(void) {
    pid_t child = fork();
    if (child == 0) {
        umask(0);
        CHECK(mkdir("d", 0777) == 0 && chdir("d") == 0);
        if (geteuid() == 0)
            CHECK(setgroups(0, NULL) == 0 && setgid(65534) == 0 && setuid(65534) == 0);
        CHECK(close(open("file", O_CREAT | O_WRONLY, 0)) == 0);
        CHECK_FAILS(open("file", O_RDONLY), EACCES);
        CHECK_FAILS(open("file", O_WRONLY), EACCES);
        CHECK(mkdir("closed", 0700) == 0 && mkdir("closed/inner", 0700) == 0);
        CHECK(chmod("closed", 0600) == 0);
        CHECK_FAILS(open("closed/inner", O_RDONLY), EACCES);
        CHECK_FAILS(chdir("closed"), EACCES);
        CHECK(chmod("closed", 0500) == 0);
        CHECK_FAILS(mkdir("closed/other", 0700), EACCES);
        CHECK_FAILS(unlink("closed/inner"), EACCES);
        CHECK_FAILS(chown("file", 0, 0), EPERM);
        CHECK(chmod("closed", 0700) == 0);
        _exit(0);
    }
    CHECK(exit_code(child) == 0);
    puts("ok");
}
