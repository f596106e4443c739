// wait4 tells what a child used; getrusage of the children adds it up.
#include "check.h"
#include <sys/resource.h>

int main(void) {
    pid_t child = fork();
    if (child == 0) {
        volatile unsigned work = 0;
        for (unsigned i = 0; i < 3000000; i++)
            work = work + i;
        _exit(9);
    }
    struct rusage used, all;
    int status;
    CHECK(wait4(child, &status, 0, &used) == child && WEXITSTATUS(status) == 9);
    CHECK(used.ru_maxrss > 0 && used.ru_utime.tv_sec >= 0 && used.ru_utime.tv_sec < 60);
    CHECK(getrusage(RUSAGE_CHILDREN, &all) == 0 && all.ru_maxrss >= used.ru_maxrss);
    CHECK(all.ru_minflt >= used.ru_minflt && used.ru_minflt > 0);
    puts("ok");
}
