// On which processor a variant runs is its own affair, until it says so.
#define _GNU_SOURCE
#include <sched.h>
#include <stdio.h>
#include <unistd.h>

int main(void) {
    for (int i = 0; i < 200; i++) {
        unsigned processor, node;
        if (getcpu(&processor, &node))
            return 1;
        printf("~ %d %u %u\n", sched_getcpu(), processor, node);
        for (volatile int turn = 0; turn < 20000; turn++)
            ;
        if (i % 20 == 0)
            sched_yield();
    }
    cpu_set_t set;
    sched_getaffinity(0, sizeof set, &set);
    printf("~ %d\n", CPU_COUNT(&set));
    return 0;
}
