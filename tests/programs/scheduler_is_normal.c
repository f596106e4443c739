// The scheduling policy is readable, yielding works, getcpu names a configured processor.
#include "check.h"
#include <sched.h>

int main(void) {
    struct sched_param parameter = {.sched_priority = -1};
    CHECK(sched_getscheduler(0) >= 0 && sched_getparam(0, &parameter) == 0);
    CHECK(parameter.sched_priority >= 0);
    for (int i = 0; i < 100; i++)
        CHECK(sched_yield() == 0 || errno == ENOSYS);
    CHECK(sched_get_priority_min(SCHED_FIFO) == 1 && sched_get_priority_max(SCHED_FIFO) == 99);
    int cpu = sched_getcpu();
    unsigned processor, node;
    CHECK(cpu >= 0 && cpu < sysconf(_SC_NPROCESSORS_CONF));
    CHECK(getcpu(&processor, &node) == 0 && processor < (unsigned)sysconf(_SC_NPROCESSORS_CONF));
    struct sched_param zero = {.sched_priority = 0};
    CHECK(sched_setscheduler(0, SCHED_BATCH, &zero) == 0);
    CHECK(sched_getscheduler(0) == SCHED_BATCH);
    CHECK_FAILS(sched_setscheduler(0, 99, &zero), EINVAL);
    puts("ok");
}
