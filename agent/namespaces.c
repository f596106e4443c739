/*
 * unshare, setns. In a namespace of the network, of names, control groups or time only the leader
 * does anything: it goes there alone. What belongs to a thread (its folder, its descriptors) every
 * variant takes for itself. Namespaces in which followers would have to follow are refused, as they
 * are where a user has no right to them.
 */
#include <asm/unistd_64.h>
#include <linux/sched.h>

#include "agent.h"

enum {
    EPERM = 1,
    LEADERS = CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWCGROUP | CLONE_NEWTIME,
    OWN = CLONE_FS | CLONE_FILES | CLONE_SYSVSEM,
    OTHERS = CLONE_NEWNS | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWIPC | CLONE_THREAD | CLONE_VM |
        CLONE_SIGHAND,
};

void namespaces_prepare(struct call *call) {
    int is_unshare = call->number == __NR_unshare;
    uint64_t flags = is_unshare ? call->arguments[0] : (uint32_t)call->arguments[1];
    int is_refused = (flags & OTHERS) || (!is_unshare && !flags);
    if (is_unshare && call->task->turns) {
        /* Threads of one process are taken to have the same descriptors. */
        is_refused |= (flags & CLONE_FILES) || ((flags & OWN) && (flags & LEADERS));
    }
    if (is_refused) {
        call->executor = EXECUTOR_REFUSED;
        call->refusal = EPERM;
    } else if (flags & LEADERS || !is_unshare) {
        call->executor = EXECUTOR_LEADER;
    }
}
