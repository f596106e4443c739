/*
 * unshare, setns. In a namespace of users, the network, of names, control groups or time only the
 * leader does anything: it goes there alone. It makes mount namespaces, too, and the followers join
 * them (src/mvx/mounts.py). What belongs to a thread (its folder, its descriptors) every variant
 * takes for itself. Namespaces in which followers would have to follow are refused, as they are
 * where a user has no right to them.
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
    LEADERS = CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWCGROUP | CLONE_NEWTIME | CLONE_NEWUSER |
        CLONE_NEWNS,
    OWN = CLONE_FS | CLONE_FILES | CLONE_SYSVSEM,
    OTHERS = CLONE_NEWPID | CLONE_NEWIPC,
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
        return type & LEADERS && type != CLONE_NEWNS ? 0 : EPERM;
    }
    if (type == -EBADF) {
        return EBADF;
    }
    int is_process = plain(__NR_waitid, P_PIDFD, call->arguments[0], 0, WNOHANG | WEXITED | WNOWAIT,
                           0, 0) != -EBADF;
    return is_process && flags ? EPERM : EINVAL;
}

/* Leader: whether the process has other threads; it may take turns with other processes only. What
 * it refuses followers do not do either. */
static int has_threads(const struct task *task) {
    struct stat status;
    if (!task->turns || !is_leader(task)) {
        return 0;
    }
    return plain(__NR_stat, (uint64_t)"/proc/self/task", (uint64_t)&status, 0, 0, 0, 0) ||
           status.st_nlink > 2 + 1;
}

void namespaces_prepare(struct call *call) {
    int is_unshare = call->number == __NR_unshare;
    uint64_t flags = flags_of(call);
    if (!is_unshare && (!flags || flags & OTHERS)) {
        call->executor = EXECUTOR_LEADER;
        call->refusal = is_leader(call->task) ? setns_error(call) : 0;
        if (call->refusal) {
            call->executor = EXECUTOR_REFUSED;
        }
        return;
    }
    int is_refused = flags & OTHERS;
    if (has_threads(call->task)) {
        /* Threads of one process are taken to have the same descriptors, and to stand at the same
         * place. */
        is_refused |= flags & CLONE_NEWNS || (is_unshare && flags & CLONE_FILES) ||
                      (is_unshare && (flags & OWN) && (flags & LEADERS));
    }
    if (is_refused) {
        call->executor = EXECUTOR_REFUSED;
        call->refusal = EPERM;
    } else if (flags & LEADERS || !is_unshare) {
        call->executor = EXECUTOR_LEADER;
    }
    if (flags & CLONE_NEWNS) {
        call->flags |= FLAG_SETTLE;
    }
}

/* The call is over in the leader. */
void namespaces_finish(const struct call *call) {
    if (!is_leader(call->task) && !is_error(call->result) && flags_of(call) & CLONE_NEWNS) {
        gate_control(REQUEST_MOUNTS, 0, 0, 0);
    }
}
