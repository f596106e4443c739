/*
 * On which CPUs variants run.
 *
 * The kernel does not know that a leader and its follower are always about to wait for each other,
 * and that a wait between two CPUs takes a tenth of one on the same. It leaves two that wake each
 * other on one CPU, even beside an idle one; and it wakes the client of a server where the server
 * runs, which then stands still in the midst of its answer. Who meets that goes once to another
 * CPU: it says where it does not want to run, and then that it may run anywhere again.
 *
 * What a process may run on is visible to the program (sched_getaffinity is the leader's), so it is
 * another only for the moment between two calls of the agent.
 */
#include <asm/unistd_64.h>

#include "processor.h"

enum {
    PROCESSORS_MAX = 4096,
    NEIGHBOUR_WAITS = 4,
    MEETINGS = 256,
    MEETINGS_DOUBLED_MAX = 10,
    RUSAGE_THREAD = 1
};

struct usage {
    uint64_t times[4];
    int64_t other[12];
    int64_t sleeps, preemptions;
};

static void leave(const struct task *task, uint32_t taken) {
    uint64_t mask[PROCESSORS_MAX / 64];
    uint64_t one = 1UL << (taken % 64);
    if (task->verify == VERIFY_ALL) {
        return; /* the supervisor would have to look at what is asked for here */
    }
    long size = plain(__NR_sched_getaffinity, 0, sizeof mask, (uint64_t)mask, 0, 0, 0);
    if (size <= (long)(taken / 64 * 8) || !(mask[taken / 64] & one)) {
        return;
    }
    mask[taken / 64] &= ~one;
    if (plain(__NR_sched_setaffinity, 0, (uint64_t)size, (uint64_t)mask, 0, 0, 0) == 0) {
        mask[taken / 64] |= one;
        plain(__NR_sched_setaffinity, 0, (uint64_t)size, (uint64_t)mask, 0, 0, 0);
    }
}

/* Follower: it has to sleep for the leader, which runs on this CPU. */
void processor_shared(struct task *task, struct lane *own) {
    if (task->spin && ++task->neighbour >= NEIGHBOUR_WAITS) {
        task->neighbour = 0;
        leave(task, processor());
        own->processor = processor();
    }
}

/* Leader, at a rendezvous: whether somebody keeps taking its CPU, as often as it meets the
 * followers. Where it has gone in vain it waits longer before it goes again. */
void processor_met(struct task *task) {
    if (++task->meetings < (uint32_t)MEETINGS << task->moved || !task->spin ||
        task->verify == VERIFY_ALL) {
        return; /* see leave() */
    }
    struct usage usage = {.preemptions = 0};
    plain(__NR_getrusage, RUSAGE_THREAD, (uint64_t)&usage, 0, 0, 0, 0);
    uint32_t preempted = (uint32_t)usage.preemptions - task->preempted;
    if (preempted > task->meetings / 2) {
        leave(task, processor());
        lane_of(task, task->variant)->processor = processor();
        task->moved += task->moved < MEETINGS_DOUBLED_MAX;
    } else {
        task->moved = 0;
    }
    task->meetings = 0;
    task->preempted = (uint32_t)usage.preemptions;
}
