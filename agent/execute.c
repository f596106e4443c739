/*
 * How a call is executed: by which gate, with whose arguments, and whether the followers must have
 * asked for the same before.
 */
#include <asm/unistd_64.h>

#include "agent.h"

enum { EINVAL = 22, MSG_ZEROCOPY = 0x4000000 };

/* Whether the call leaves by the traced gate. What followers execute is verified only when it is
 * sensitive. */
int call_is_verified(const struct call *call) {
    if (call->flags & FLAG_SENSITIVE) {
        return 1;
    }
    if (!is_leader(call->task) || call->flags & FLAG_NO_RETURN) {
        return 0;
    }
    switch (call->task->verify) {
    case VERIFY_ALL:
        return 1;
    case VERIFY_EFFECTS:
        return call->flags & FLAG_EFFECT || call->rule->handler == HANDLER_IOCTL ||
               call->rule->handler == HANDLER_FCNTL;
    }
    return 0;
}

/* Whether the leader waits for every follower before it executes. */
int call_meets(const struct call *call) {
    if ((call->executor == EXECUTOR_NATIVE && !call->prompt) || call_is_verified(call)) {
        return 1;
    }
    if (call->task->copies && shared_changes(call)) {
        return 1; /* the copies become what the file is now: nobody may be behind */
    }
    if (call->flags & FLAG_NO_RETURN) {
        return 1; /* whoever waits for this task may look at what it left in shared memory, in every
                     variant */
    }
    if (call->flags & FLAG_REMOVES) {
        return 1; /* a follower may have still to open it */
    }
    switch (call->task->policy) {
    case POLICY_STRICT:
        return 1;
    case POLICY_EFFECTS:
        return call->flags & FLAG_EFFECT;
    }
    return 0;
}

/*
 * What was checked is what is done: after a rendezvous the kernel reads plain input buffers from
 * the compared copy, which no other thread of the program writes. Not for MSG_ZEROCOPY, which holds
 * on to the pages. Returns 1 when an argument is another now.
 */
static int use_compared(const struct call *call, uint64_t *arguments) {
    int changed = 0;
    if (!is_leader(call->task) || call->rule->handler || !call_meets(call) ||
        (call->number == __NR_sendto && call->arguments[3] & MSG_ZEROCOPY)) {
        return 0;
    }
    for (int index = 0; index < call->rule->count; index++) {
        const struct argument_rule *rule = &call->rule->arguments[index];
        int is_plain =
            (rule->kind == KIND_BYTES && !rule->layout) || rule->kind == KIND_SOCKET_ADDRESS;
        if (is_plain && rule->direction == DIRECTION_IN && call->compared[index]) {
            arguments[index] = (uint64_t)call->compared[index];
            changed = 1;
        }
    }
    return changed;
}

static int64_t enter_kernel(const struct call *call, const uint64_t *arguments) {
    return call_is_verified(call) ? gate_traced((long)call->number, arguments)
                                  : gate_interruptible((long)call->number, arguments);
}

void call_execute(struct call *call, struct aside *aside) {
    call->task->interrupted = 0;
    call->task->disturbed = 0;
    if (call->number == __NR_exit || call->number == __NR_exit_group) {
        turn_end(call->task); /* the memory may live on in another process (CLONE_VM) */
    }
    handler_execute(call);
    if (call->done) {
        return;
    }
    if (call->flags & FLAG_DESCRIPTOR) {
        view_again(call);
        messages_pass(call);
    }
    uint64_t arguments[ARGUMENTS_MAX];
    copy(arguments, call->arguments, sizeof arguments);
    int changed = use_compared(call, arguments);
    uint64_t sent[POINTERS_SENT_MAX / sizeof(uint64_t)];
    if (call->number == __NR_write && call->wrapped && arguments[2] <= sizeof sent &&
        call_meets(call)) {
        lane_reread(call->task, call->wrapped, sent, arguments[2]);
        arguments[1] = (uint64_t)sent;
    }
    if (call->flags & FLAG_NO_RETURN) {
        /* The followers are gone already: nothing may call it off. */
        gate_plain((long)call->number, arguments);
    }
    if (call->attempts && attempt_make(call, arguments, aside)) {
        return;
    }
    if (call->aside) {
        aside_use(call, arguments);
        changed = 1;
    }
    call->result = enter_kernel(call, arguments);
    if (call->result == -EINVAL && changed && !call->task->interrupted) {
        /* A file open with O_DIRECT wants the alignment that the program took care of. */
        call->aside = NULL;
        copy(arguments, call->arguments, sizeof arguments);
        call->result = enter_kernel(call, arguments);
    }
    if (call->task->disturbed && !call_is_verified(call)) {
        transfer_rest(call, arguments);
    }
    reaped_wait(call, arguments);
    if (call->attempts) {
        attempt_ends(call);
    }
}
