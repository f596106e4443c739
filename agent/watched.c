/*
 * Files that the program watches (inotify(7)). A follower opens each file that the leader opens for
 * itself, since it may map it; a watch would tell of both opens, and of both ends. So once the
 * program has asked to be told of such, followers open files in a way of which the kernel tells
 * nobody (O_PATH), and for reading only when they map them.
 */
#include <asm/unistd_64.h>
#include <linux/fcntl.h>
#include <linux/inotify.h>
#include <linux/mman.h>

#include "agent.h"

static int is_watched(const struct task *task) {
    return !is_leader(task) && __atomic_load_n(&turn_between(task)->watched, __ATOMIC_RELAXED) != 0;
}

/* After a call: a watch for opens was perhaps made. */
void watched_begin(const struct call *call) {
    if (call->number == __NR_inotify_add_watch && !is_error(call->result) &&
        call->arguments[2] & (IN_OPEN | IN_CLOSE_NOWRITE)) {
        __atomic_store_n(&turn_between(call->task)->watched, 1, __ATOMIC_RELAXED);
    }
}

/* By what a follower's flags differ for a file that it opens for itself. */
uint64_t watched_flags(const struct task *task) {
    return is_watched(task) ? O_PATH : 0;
}

/* Before a mapping: a file that was opened in that way is opened for reading. One that it must not
 * read any more cannot be mapped: the variants diverge. */
void watched_open(const struct call *call) {
    struct task *task = call->task;
    uint64_t number = (uint64_t)(int32_t)call->arguments[4];
    if (!is_watched(task) || call->arguments[3] & MAP_ANONYMOUS ||
        descriptor_kept(task, (int64_t)number) != KEPT_MAPPED) {
        return;
    }
    long flags = plain(__NR_fcntl, number, F_GETFL, 0, 0, 0, 0);
    if (flags < 0 || !(flags & O_PATH)) {
        return;
    }
    char link[32];
    descriptor_link((int64_t)number, link);
    process_lock(task);
    long own = plain(__NR_fcntl, number, F_GETFD, 0, 0, 0, 0);
    long again = plain(__NR_openat, (uint64_t)AT_FDCWD, (uint64_t)link,
                       O_RDONLY | O_NONBLOCK | O_CLOEXEC, 0, 0, 0);
    if (again >= 0) {
        uint64_t kept = own & FD_CLOEXEC ? O_CLOEXEC : 0;
        plain(__NR_dup3, (uint64_t)again, number, kept, 0, 0, 0);
        plain(__NR_close, (uint64_t)again, 0, 0, 0, 0, 0);
    }
    process_unlock(task);
}
