// A process that has taken another group, or another user, executes a program.
#include "check.h"
#include <grp.h>
#include <sys/resource.h>

static void run(char *how, gid_t group, uid_t user) {
    pid_t child = fork();
    if (!child) {
        struct rlimit limit = {1L << 40, RLIM_INFINITY};
        CHECK(setrlimit(RLIMIT_AS, &limit) == 0);
        CHECK(setgroups(0, NULL) == 0 && setgid(group) == 0 && setuid(user) == 0);
        execl("/proc/self/exe", "again", how, (char *)NULL);
        CHECK(!"exec");
    }
    CHECK(exit_code(child) == 0);
}

int main(int argc, char **argv) {
    if (argc == 2) {
        struct rlimit limit;
        CHECK(getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur == 1L << 40);
        printf("%s: user %u, group %u\n", argv[1], getuid(), getgid());
        return 0;
    }
    if (getuid() == 0) {
        run("group", 30000, 0);
        run("user", 0, 30000);
        run("both", 30000, 30000);
    }
    puts("ok");
    return 0;
}
