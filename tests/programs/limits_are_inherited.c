// setrlimit lowers a limit for the process and its children; raising the hard one is refused.
#include "check.h"
#include <sys/resource.h>

int main(void) {
    struct rlimit old, now, lowered = {50, 60};
    CHECK(getrlimit(RLIMIT_NOFILE, &old) == 0 && old.rlim_cur <= old.rlim_max);
    CHECK(prlimit(0, RLIMIT_NOFILE, NULL, &now) == 0 && now.rlim_cur == old.rlim_cur);
    pid_t child = fork();
    if (child == 0) {
        CHECK(setrlimit(RLIMIT_NOFILE, &lowered) == 0);
        CHECK(sysconf(_SC_OPEN_MAX) == 50);
        pid_t grandchild = fork();
        if (grandchild == 0) {
            CHECK(prlimit(getpid(), RLIMIT_NOFILE, NULL, &now) == 0);
            _exit(!(now.rlim_cur == 50 && now.rlim_max == 60));
        }
        CHECK(exit_code(grandchild) == 0);
        lowered.rlim_cur = 61;
        CHECK_FAILS(setrlimit(RLIMIT_NOFILE, &lowered), EINVAL);
        _exit(0);
    }
    CHECK(exit_code(child) == 0);
    CHECK(getrlimit(RLIMIT_NOFILE, &now) == 0 && now.rlim_cur == old.rlim_cur);
    CHECK_FAILS(getrlimit(9999, &now), EINVAL);
    puts("ok");
}
