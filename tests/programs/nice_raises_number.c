// nice raises the nice value of the process alone, up to 19.
#include "check.h"
#include <sys/resource.h>

int main(void) {
    int before = getpriority(PRIO_PROCESS, 0);
    pid_t child = fork();
    if (child == 0) {
        int wanted = before + 3 > 19 ? 19 : before + 3;
        CHECK(nice(3) == wanted && getpriority(PRIO_PROCESS, 0) == wanted);
        CHECK(nice(100) == 19 && getpriority(PRIO_PROCESS, (id_t)getpid()) == 19);
        CHECK(setpriority(PRIO_PROCESS, 0, 19) == 0);
        _exit(0);
    }
    CHECK(exit_code(child) == 0 && getpriority(PRIO_PROCESS, 0) == before);
    errno = 0;
    CHECK_FAILS(getpriority(99, 0), EINVAL);
    puts("ok");
}
