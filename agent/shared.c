/*
 * Files that are mapped shared. The leader maps the file itself; a follower must not write it, and
 * must not see what the leader stores before it stores that itself. It maps a copy, which the
 * supervisor keeps for each variant (src/mvx/copies.py): stores of the variant's processes meet
 * there as the leader's do in the file. What the program writes by calls is the leader's; after
 * such a call the supervisor brings the copies up to date.
 */
#include <asm/stat.h>
#include <asm/unistd_64.h>
#include <linux/fcntl.h>
#include <linux/mman.h>

#include "fetch.h"

enum { EBADF = 9, NO_FILE = -2, BY_NAME = -1 };

/* A mapping that others see is compared, and an effect when it is writable: what is stored there
 * later is not. A private mapping is compared where followers need the leader's file for it. */
void shared_prepare(struct call *call) {
    uint64_t flags = call->arguments[3];
    uint8_t kept = descriptor_kept(call->task, (int32_t)call->arguments[4]);
    if (call->task->variants == 1 || flags & MAP_ANONYMOUS || kept == KEPT_OWN ||
        (kept == KEPT_MAPPED && !(flags & MAP_SHARED))) {
        return;
    }
    call->executor = EXECUTOR_EVERYONE;
    if (flags & MAP_SHARED && call->arguments[2] & PROT_WRITE) {
        call->flags |= FLAG_EFFECT;
    }
}

void shared_execute(struct call *call) {
    struct task *task = call->task;
    uint64_t arguments[ARGUMENTS_MAX];
    copy(arguments, call->arguments, sizeof arguments);
    call->done = 1;
    if (is_leader(task)) {
        call->result = gate_plain(__NR_mmap, arguments);
        return;
    }
    process_lock(task);
    int64_t number = fetch(0);
    if (number >= 0) {
        arguments[4] = (uint64_t)number;
    }
    call->result = number < 0 && number != -EBADF ? number : gate_plain(__NR_mmap, arguments);
    if (number >= 0) {
        plain(__NR_close, (uint64_t)number, 0, 0, 0, 0, 0);
    }
    process_unlock(task);
    if (is_error(call->result)) {
        call_diverged(call, DIVERGENCE_RESULT, 0, call->result);
    }
}

/* Leader: the descriptor of a file that a call changes, BY_NAME or NO_FILE. */
static int64_t changed(const struct call *call) {
    switch (call->number) {
    case __NR_write:
    case __NR_writev:
    case __NR_pwrite64:
    case __NR_pwritev:
    case __NR_pwritev2:
    case __NR_ftruncate:
    case __NR_fallocate:
    case __NR_sendfile:
    case __NR_ioctl:
        return (int32_t)call->arguments[0];
    case __NR_splice:
    case __NR_copy_file_range:
        return (int32_t)call->arguments[2];
    case __NR_open:
    case __NR_openat:
    case __NR_openat2:
    case __NR_creat:
        return open_flags(call) & O_TRUNC ? call->result : NO_FILE;
    case __NR_truncate:
        return BY_NAME;
    }
    return NO_FILE;
}

/* Whether a call may change a file of which followers have copies. */
int shared_changes(const struct call *call) {
    return changed(call) != NO_FILE;
}

/* Leader: a call is over that may have changed a file of which followers have copies. The set of
 * those files is hashed into task->copies. */
void shared_changed(struct call *call) {
    struct stat status;
    int64_t number = changed(call);
    if (number == NO_FILE || is_error(call->result)) {
        return;
    }
    if (number >= 0 && (plain(__NR_fstat, (uint64_t)number, (uint64_t)&status, 0, 0, 0, 0) ||
                        !(call->task->copies >> status.st_ino % 32 & 1))) {
        return;
    }
    gate_control(REQUEST_CHANGED, number, call->result, 0);
}
