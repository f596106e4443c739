// A failed exec returns with its errno and the program goes on unharmed.
#include "check.h"

int main(void) {
    int fd = open("garbage", O_CREAT | O_WRONLY, 0700);
    CHECK(write(fd, "no program at all", 17) == 17 && close(fd) == 0);
    fd = open("script", O_CREAT | O_WRONLY, 0700);
    CHECK(write(fd, "#!/missing/sh\n", 14) == 14 && close(fd) == 0);
    CHECK(close(open("plain", O_CREAT | O_WRONLY, 0600)) == 0);
    CHECK(close(open("empty", O_CREAT | O_WRONLY, 0700)) == 0);
    char *arguments[] = {"name", NULL}, *environment[] = {NULL};
    const char *volatile bad = (const char *)8;
    CHECK_FAILS(execve("missing", arguments, environment), ENOENT);
    CHECK_FAILS(execve("garbage", arguments, environment), ENOEXEC);
    CHECK_FAILS(execve("empty", arguments, environment), ENOEXEC);
    CHECK_FAILS(execve("script", arguments, environment), ENOENT);
    CHECK_FAILS(execve("plain", arguments, environment), EACCES);
    CHECK_FAILS(execve(".", arguments, environment), EACCES);
    CHECK_FAILS(execve("plain/x", arguments, environment), ENOTDIR);
    CHECK_FAILS(execve("", arguments, environment), ENOENT);
    CHECK_FAILS(execve(bad, arguments, environment), EFAULT);
    puts("ok");
}
