// The affinity mask has a processor, can be narrowed to one, and a child inherits it.
#include "check.h"
#include <sched.h>

int main(void) {
    cpu_set_t all, one, now;
    CHECK(sched_getaffinity(0, sizeof all, &all) == 0);
    CHECK(CPU_COUNT(&all) >= 1 && CPU_COUNT(&all) <= sysconf(_SC_NPROCESSORS_CONF));
    int cpu = 0;
    while (!CPU_ISSET(cpu, &all))
        cpu++;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    CHECK(sched_setaffinity(0, sizeof one, &one) == 0);
    pid_t child = fork();
    if (child == 0) {
        CHECK(sched_getaffinity(0, sizeof now, &now) == 0);
        _exit(!CPU_EQUAL(&now, &one));
    }
    CHECK(exit_code(child) == 0);
    CHECK(sched_setaffinity(0, sizeof all, &all) == 0);
    CPU_ZERO(&one);
    CHECK_FAILS(sched_setaffinity(0, sizeof one, &one), EINVAL);
    puts("ok");
}
