// Threads have names, numbers, priorities and sets of processors.
#include "seen.h"
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>

static pthread_barrier_t barrier;

static void *work(void *argument) {
    char name[16], expected[16];
    cpu_set_t processors, one;
    snprintf(expected, sizeof expected, "worker-%d", number(argument));
    CHECK(pthread_setname_np(pthread_self(), expected) == 0);
    pthread_barrier_wait(&barrier);
    CHECK(pthread_getname_np(pthread_self(), name, sizeof name) == 0 && !strcmp(name, expected));
    CHECK(pthread_getaffinity_np(pthread_self(), sizeof processors, &processors) == 0);
    CPU_ZERO(&one);
    for (int i = 0; i < CPU_SETSIZE; i++)
        if (CPU_ISSET(i, &processors)) {
            CPU_SET(i, &one);
            break;
        }
    CHECK(pthread_setaffinity_np(pthread_self(), sizeof one, &one) == 0);
    CHECK(pthread_getaffinity_np(pthread_self(), sizeof processors, &processors) == 0);
    CHECK(CPU_EQUAL(&processors, &one));
    pid_t self = (pid_t)syscall(SYS_gettid);
    CHECK(setpriority(PRIO_PROCESS, (id_t)self, 5) == 0);
    CHECK(getpriority(PRIO_PROCESS, (id_t)self) == 5);
    struct rusage usage;
    CHECK(getrusage(RUSAGE_THREAD, &usage) == 0);
    note('a' + number(argument));
    return NULL;
}

int main(void) {
    CHECK(pthread_barrier_init(&barrier, NULL, 4) == 0);
    run_threads(4, work);
    show_seen();
}
