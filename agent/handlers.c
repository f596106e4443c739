/*
 * What is irregular about a call, such as new and duplicated descriptors. A handler changes the
 * call's treatment before it (prepare), replaces the walk over its arguments (inputs, outputs) or
 * its execution (execute), or keeps the descriptor table up to date after it (finish). Everything
 * else is the generated rules.
 */
#include <asm/unistd_64.h>
#include <linux/fcntl.h>

#include "agent.h"

enum {
    DUPFD_CLOEXEC = F_LINUX_SPECIFIC_BASE + 6,
    EBADF = 9,
    EINVAL = 22,
    CLOSE_RANGE_CLOEXEC = 4,
    EPOLL_CTL_DEL = 2,
    UTIME_NOW = 0x3fffffff,
    UTIME_OMIT = 0x3ffffffe,
    SIGINFO_CODE = 8,
    SIGINFO_VALUE = 24,
    SI_QUEUE = -1,
    SI_MESGQ = -3,
};

static void prepare_open(struct call *call) {
    uint64_t flags = open_flags(call);
    if (flags & (O_CREAT | O_TRUNC)) {
        call->flags |= FLAG_EFFECT;
    }
    if (flags & O_TRUNC) {
        call->flags |= FLAG_REMOVES;
    }
    if (flags & (O_CREAT | __O_TMPFILE) && call->number != __NR_openat2) {
        /* Without these flags the mode is garbage, which nobody looks at. */
        call->effective = *call->rule;
        call->rule = &call->effective;
        call->effective.arguments[call->rule->count - 1].kind = KIND_INT;
    }
    if (flags & O_ACCMODE || call->number == __NR_openat2) {
        call->flags |= FLAG_SENSITIVE;
    }
    if ((flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL)) {
        call->flags |= FLAG_NEW_NAME;
    }
}

void handler_prepare(struct call *call) {
    if (call->rule->handler == HANDLER_MMAP) {
        watched_open(call);
        shared_prepare(call);
    }
    if (call->executor == EXECUTOR_LOCAL) {
        return;
    }
    walk_forget_ignored(call);
    switch (call->rule->handler) {
    case HANDLER_OPEN:
        prepare_open(call);
        break;
    case HANDLER_CLOSE: {
        uint8_t kept = descriptor_kept(call->task, (int32_t)call->arguments[0]);
        if (kept == KEPT_ONCE || kept == KEPT_PIPE_IN || kept == KEPT_PIPE_OUT) {
            call->flags |= FLAG_EFFECT;
        }
        break;
    }
    case HANDLER_FCNTL:
    case HANDLER_IOCTL:
    case HANDLER_CONTROL:
    case HANDLER_OPTION:
        request_prepare(call);
        break;
    case HANDLER_PRLIMIT:
        limit_prepare(call);
        break;
    case HANDLER_NAMESPACES:
        namespaces_prepare(call);
        break;
    }
}

/* The values that come back with a signal are the variant's own: see cookie_agree. */
static int64_t cookie_place(const struct call *call) {
    switch (call->number) {
    case __NR_rt_sigqueueinfo:
        return (int64_t)call->arguments[2] + SIGINFO_VALUE;
    case __NR_rt_tgsigqueueinfo:
        return (int64_t)call->arguments[3] + SIGINFO_VALUE;
    case __NR_timer_create:
    case __NR_mq_notify:
        return (int64_t)call->arguments[1];
    }
    return 0;
}

/*
 * A 64-bit value that the program gives to the kernel and gets back in a siginfo: often a pointer.
 * Followers remember which of theirs belongs to the leader's; the supervisor looks it up when it
 * delivers the signal.
 */
static void cookie_agree(struct call *call, const void *place) {
    uint64_t own = 0;
    if (program_copy(&own, place, sizeof own)) {
        own = 0;
    }
    if (is_leader(call->task)) {
        lane_put(call->task, &own, sizeof own);
        return;
    }
    uint64_t other;
    lane_get(call->task, &other, sizeof other);
    struct cookies *cookies = (struct cookies *)(uint64_t)(image_start + COOKIES_OFFSET);
    process_lock(call->task);
    uint64_t index = cookies->count++ % COOKIES;
    cookies->pairs[2 * index] = other;
    cookies->pairs[2 * index + 1] = own;
    process_unlock(call->task);
}

/* utimensat: the kernel does not look at the seconds beside UTIME_NOW and UTIME_OMIT, and tar does
 * not set them. */
static void times_inputs(struct call *call) {
    struct {
        int64_t seconds, nanoseconds;
    } times[2];
    walk_input(call, 1);
    if (!call->arguments[2] ||
        program_copy(times, (const void *)call->arguments[2], sizeof times)) {
        block_input(call, 2, (const void *)call->arguments[2], sizeof times);
        return;
    }
    for (int i = 0; i < 2; i++) {
        if (times[i].nanoseconds == UTIME_NOW || times[i].nanoseconds == UTIME_OMIT) {
            times[i].seconds = 0;
        }
    }
    block_input(call, 2, times, sizeof times);
}

/* vmsplice: of the end of a pipe that is read it fills memory as readv does. The leader's end
 * decides: what a follower has need not be a pipe. */
static void vmsplice_inputs(struct call *call) {
    int32_t mode = 0;
    if (is_leader(call->task)) {
        mode = (int32_t)plain(__NR_fcntl, call->arguments[0], F_GETFL, 0, 0, 0, 0);
        lane_put(call->task, &mode, sizeof mode);
    } else {
        lane_get(call->task, &mode, sizeof mode);
    }
    if (mode >= 0 && (mode & O_ACCMODE) == O_RDONLY) {
        call->effective = *call->rule;
        call->rule = &call->effective;
        call->effective.arguments[1] = rule_of(__NR_readv)->arguments[1];
    }
    walk_inputs(call);
}

int handler_inputs(struct call *call) {
    int64_t cookie = cookie_place(call);
    if (cookie > (int64_t)PAGE) {
        walk_inputs(call);
        cookie_agree(call, (const void *)cookie);
        pointers_cookie(call, (uint64_t)cookie);
        return 1;
    }
    if (call->number == __NR_utimensat) {
        times_inputs(call);
        return 1;
    }
    if (call->number == __NR_setsockopt) {
        return filter_inputs(call);
    }
    switch (call->rule->handler) {
    case HANDLER_IOCTL:
        return embedded_inputs(call);
    case HANDLER_CONTROL:
        return semaphores_inputs(call);
    case HANDLER_HANDLES:
        handle_inputs(call);
        return 1;
    case HANDLER_VMSPLICE:
        vmsplice_inputs(call);
        return 1;
    case HANDLER_SEND_MESSAGE:
        messages_inputs(call, 0);
        return 1;
    case HANDLER_SEND_MESSAGES:
        messages_inputs(call, 1);
        return 1;
    case HANDLER_RECEIVE_MESSAGE:
        return 1;
    case HANDLER_RECEIVE_MESSAGES:
        walk_input(call, 4);
        return 1;
    case HANDLER_EPOLL_CONTROL:
        if ((uint32_t)call->arguments[1] != EPOLL_CTL_DEL) {
            walk_input(call, 3);
        }
        return 1; /* the event of a removal is not looked at */
    case HANDLER_PSELECT: {
        for (int index = 0; index < 5; index++) {
            walk_input(call, index);
        }
        uint64_t mask[2];
        if (call->arguments[5] &&
            !program_copy(mask, (const void *)call->arguments[5], sizeof mask)) {
            block_input(call, 5, (const void *)mask[0], mask[0] ? 8 : 0);
        }
        return 1;
    }
    }
    return 0;
}

/* Whether a descriptor gets another number, which is the leader's whatever it is of. */
int is_duplication(const struct call *call) {
    return call->rule->handler == HANDLER_DUPLICATE ||
           (call->rule->handler == HANDLER_FCNTL &&
            (call->arguments[1] == F_DUPFD || call->arguments[1] == DUPFD_CLOEXEC));
}

/* A follower duplicates its own descriptor to the number that the leader got. */
static void duplicate(struct call *call, int close_on_exec) {
    if (!is_leader(call->task)) {
        call->done = 1;
        if ((int32_t)call->arguments[0] != call->result) {
            process_lock(call->task);
            plain(__NR_dup3, call->arguments[0], (uint64_t)call->result,
                  close_on_exec ? O_CLOEXEC : 0, 0, 0, 0);
            process_unlock(call->task);
        }
    }
}

void handler_execute(struct call *call) {
    switch (call->rule->handler) {
    case HANDLER_DUPLICATE:
        duplicate(call, call->number == __NR_dup3 && call->arguments[2] & O_CLOEXEC);
        break;
    case HANDLER_FCNTL:
        if (call->rule->result == RESULT_DESCRIPTOR) {
            duplicate(call, call->arguments[1] == DUPFD_CLOEXEC);
        }
        break;
    case HANDLER_MEMFD:
        if (!is_leader(call->task)) {
            call->done = 1;
            process_lock(call->task);
            descriptor_move(call->task, gate_plain(__NR_memfd_create, call->arguments),
                            call->result, (int)(call->arguments[1] & 1));
            process_unlock(call->task);
        }
        break;
    case HANDLER_PRLIMIT:
        limit_execute(call);
        break;
    case HANDLER_CLOCK:
        if (call->task->clock) {
            call->done = (uint8_t)clock_answer(call);
        }
        break;
    case HANDLER_MMAP:
        if (call->executor == EXECUTOR_EVERYONE) {
            shared_execute(call);
        } else {
            place_file(call);
        }
        break;
    case HANDLER_EPOLL_CONTROL:
        epoll_control_execute(call);
        break;
    }
}

static void forget_range(struct call *call) {
    uint64_t last = (uint32_t)call->arguments[1];
    last = last < DESCRIPTORS_MAX ? last : DESCRIPTORS_MAX - 1;
    for (uint64_t number = (uint32_t)call->arguments[0]; number <= last; number++) {
        uint16_t *entry = descriptor_entry(call->task, (int64_t)number);
        if (*entry) {
            *entry = KEPT_UNKNOWN;
        }
    }
}

static int result_close_on_exec(const struct call *call) {
    if (call->rule->cloexec == CLOEXEC_ALWAYS) {
        return 1;
    }
    return call->rule->cloexec &&
           call->arguments[call->rule->cloexec - 1] & call->rule->cloexec_flag;
}

/* signalfd: an old descriptor gets another mask. */
static int is_kept(const struct call *call) {
    return (call->number == __NR_signalfd || call->number == __NR_signalfd4) &&
           (int32_t)call->arguments[0] == call->result;
}

void handler_finish(struct call *call) {
    struct task *task = call->task;
    int failed = is_error(call->result);
    watched_begin(call);
    switch (call->rule->handler) {
    case HANDLER_OPEN:
        open_finish(call);
        return;
    case HANDLER_CLOSE:
        if (call->result == -EBADF) {
            return;
        }
        if (failed && !is_leader(task)) {
            plain(__NR_close, call->arguments[0], 0, 0, 0, 0, 0);
        }
        if (descriptor_kept(task, (int32_t)call->arguments[0]) == KEPT_EPOLL) {
            epoll_closing(task, (int32_t)call->arguments[0]);
        }
        descriptor_set(task, (int32_t)call->arguments[0], KEPT_UNKNOWN);
        return;
    case HANDLER_CLOSE_RANGE:
        if (!failed && !(call->arguments[2] & CLOSE_RANGE_CLOEXEC)) {
            forget_range(call);
        }
        return;
    case HANDLER_DUPLICATE:
        if (!failed) {
            descriptor_copy(task, (int32_t)call->arguments[0], call->result);
        }
        return;
    case HANDLER_FCNTL:
        if (!failed && call->rule->result == RESULT_DESCRIPTOR) {
            descriptor_copy(task, (int32_t)call->arguments[0], call->result);
        }
        return;
    case HANDLER_TID_ADDRESS:
        task->clear_tid = call->arguments[0];
        return;
    case HANDLER_MEMFD:
        if (!failed) {
            descriptor_set(task, call->result, KEPT_OWN);
        }
        return;
    case HANDLER_NAMESPACES:
        namespaces_finish(call);
        return;
    case HANDLER_EPOLL_CREATE:
        if (!failed) {
            descriptor_arrived(task, call->result, result_close_on_exec(call));
            epoll_created(call);
        }
        return;
    case HANDLER_EPOLL_CONTROL:
        if (!failed) {
            epoll_control_finish(call);
        }
        return;
    }
    if (!failed && call->rule->result == RESULT_DESCRIPTOR && !is_kept(call)) {
        descriptor_arrived(task, call->result, result_close_on_exec(call));
    }
}

/* pipe, pipe2, socketpair: the two numbers are known once the outputs are there. */
static void pair_outputs(struct call *call) {
    walk_outputs(call);
    int is_socket = call->number == __NR_socketpair;
    uint64_t flags = is_socket                    ? call->arguments[1]
                     : call->number == __NR_pipe2 ? call->arguments[1]
                                                  : 0;
    int32_t numbers[2];
    const void *place = (const void *)call->arguments[is_socket ? 3 : 0];
    if (is_error(call->result) || program_copy(numbers, place, sizeof numbers)) {
        return;
    }
    descriptor_arrived(call->task, numbers[0], !!(flags & O_CLOEXEC));
    descriptor_arrived(call->task, numbers[1], !!(flags & O_CLOEXEC));
    if (!is_socket) {
        pointers_pipe(call->task, numbers);
    }
}

/* A waited-for signal: the value in its siginfo is the variant's own (see cookie_agree). */
static void signal_outputs(struct call *call) {
    walk_outputs(call);
    char *information = (char *)call->arguments[1];
    int32_t code = 0;
    uint64_t value = 0;
    if (is_leader(call->task) || !information ||
        program_copy(&code, information + SIGINFO_CODE, sizeof code) || code > SI_QUEUE ||
        code < SI_MESGQ || program_copy(&value, information + SIGINFO_VALUE, sizeof value)) {
        return;
    }
    const struct cookies *cookies =
        (const struct cookies *)(uint64_t)(image_start + COOKIES_OFFSET);
    for (uint64_t i = 0; i < cookies->count && i < COOKIES; i++) {
        if (cookies->pairs[2 * i] == value) {
            program_copy(information + SIGINFO_VALUE, &cookies->pairs[2 * i + 1], sizeof value);
            return;
        }
    }
}

int handler_outputs(struct call *call) {
    if (call->number == __NR_rt_sigtimedwait && !is_error(call->result)) {
        signal_outputs(call);
        return 1;
    }
    if (call->executor == EXECUTOR_EVERYONE) {
        /* A follower's mask may have a signal more, which waits for its delivery (masks.py). */
        return call->rule->handler != HANDLER_PRLIMIT && call->number != __NR_rt_sigprocmask;
    }
    if (move_outputs(call)) {
        return 1;
    }
    switch (call->rule->handler) {
    case HANDLER_IOCTL:
        return embedded_outputs(call);
    case HANDLER_CONTROL:
        return semaphores_outputs(call);
    case HANDLER_HANDLES:
        handle_outputs(call);
        return 1;
    case HANDLER_PIPE:
        pair_outputs(call);
        return 1;
    case HANDLER_EPOLL_WAIT:
        epoll_wait_outputs(call);
        return 1;
    case HANDLER_RECEIVE_MESSAGE:
        messages_outputs(call, 0);
        return 1;
    case HANDLER_RECEIVE_MESSAGES:
        messages_outputs(call, 1);
        return 1;
    case HANDLER_SEND_MESSAGES:
        messages_outputs(call, 1);
        return 1;
    }
    return 0;
}
