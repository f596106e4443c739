/*
 * unshare, setns. In a namespace of users, processes, the network, of names, control groups or time
 * only the leader does anything: it goes there alone. It makes mount namespaces and those of System
 * V objects, too, and the followers join them (src/mvx/joining.py). What belongs to a thread (its
 * folder, its descriptors) every variant takes for itself.
 */
#include <asm/stat.h>
#include <asm/unistd_64.h>
#include <linux/nsfs.h>
#include <linux/sched.h>
#include <linux/wait.h>

#include "agent.h"

enum {
    EPERM = 1,
    EBADF = 9,
    EINVAL = 22,
    TOLD = CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWPID, /* the supervisor has to know */
    LEADERS = CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWCGROUP | CLONE_NEWTIME | CLONE_NEWUSER | TOLD,
    OWN = CLONE_FS | CLONE_FILES | CLONE_SYSVSEM,
};

static uint64_t flags_of(const struct call *call) {
    return call->number == __NR_unshare ? call->arguments[0] : (uint32_t)call->arguments[1];
}

/* Leader: the error of a setns to where followers would have to follow, or that does not say where
 * to; 0 if it may go on. */
static uint8_t setns_error(const struct call *call) {
    uint64_t flags = flags_of(call);
    int64_t type = plain(__NR_ioctl, call->arguments[0], NS_GET_NSTYPE, 0, 0, 0, 0);
    if (type > 0) {
        if (flags && (uint64_t)type != flags) {
            return EINVAL;
        }
        return type & LEADERS && !(type & TOLD) ? 0 : EPERM;
    }
    if (type == -EBADF) {
        return EBADF;
    }
    int is_process = plain(__NR_waitid, P_PIDFD, call->arguments[0], 0, WNOHANG | WEXITED | WNOWAIT,
                           0, 0) != -EBADF;
    return is_process && flags ? EPERM : EINVAL;
}

/* Leader: whether the process has other threads; it may take turns with other processes only, which
 * is not asked for where every call is verified. What it refuses followers do not do either. */
static int has_threads(const struct task *task) {
    struct stat status;
    if (!task->turns || !is_leader(task)) {
        return 0;
    }
    return task->verify == VERIFY_ALL ||
           plain(__NR_stat, (uint64_t)"/proc/self/task", (uint64_t)&status, 0, 0, 0, 0) ||
           status.st_nlink > 2 + 1;
}

void namespaces_prepare(struct call *call) {
    int is_unshare = call->number == __NR_unshare;
    uint64_t flags = flags_of(call);
    if (!is_unshare && !flags) {
        call->executor = EXECUTOR_LEADER;
        call->refusal = is_leader(call->task) ? setns_error(call) : 0;
        if (call->refusal) {
            call->executor = EXECUTOR_REFUSED;
        }
        return;
    }
    /* Threads of one process are taken to have the same descriptors, and to stand at the same
     * place.
     */
    int is_refused = (flags & CLONE_NEWNS || (is_unshare && flags & CLONE_FILES) ||
                      (is_unshare && (flags & OWN) && (flags & LEADERS))) &&
                     has_threads(call->task);
    if (is_refused) {
        call->executor = EXECUTOR_REFUSED;
        call->refusal = EPERM;
    } else if (flags & LEADERS || !is_unshare) {
        call->executor = EXECUTOR_LEADER;
    }
    if (flags & TOLD) {
        call->flags |= FLAG_SETTLE;
    }
}

/* The call is over in the leader. */
void namespaces_finish(const struct call *call) {
    uint64_t flags = flags_of(call);
    if (!is_leader(call->task) && !is_error(call->result) && flags & TOLD) {
        gate_control(REQUEST_NAMESPACES, (long)flags, 0, 0);
    }
}
