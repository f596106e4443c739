/*
 * The life of one call in the agent: look up its rule, then lead or follow.
 *
 *   leader:   CALL message → [rendezvous] → execute → RESULT message
 *   follower: compare with CALL → acknowledge → take RESULT
 *
 * A signal becomes part of the stream: the leader publishes SIGNAL instead of CALL (at the entry)
 * or of RESULT (a blocking call was given up), or marks the RESULT (at the exit), and every variant
 * then stops at the control gate, where the supervisor delivers it to all of them. Control requests
 * SIGNAL and NATIVE do not return here: the supervisor puts the task back into the program with the
 * registers of the frame.
 */
#include <asm/unistd_64.h>

#include "agent.h"
#include "generated/rules.h"

enum { EINTR = 4 };

_Static_assert(sizeof(struct frame) == 21 * 8, "the frame is struct user_regs_struct up to ss");

static const struct call_rule unknown_rule = {.executor = EXECUTOR_REFUSED,
                                              .refusal = 38 /* ENOSYS */};

const struct call_rule *rule_of(uint64_t number) {
    if (number >= RULES_COUNT || rules[number].executor == EXECUTOR_UNKNOWN) {
        return &unknown_rule;
    }
    return &rules[number];
}

void call_diverged(struct call *call, long divergence, long argument, long offset) {
    for (;;) {
        (void)call;
        gate_control(REQUEST_DIVERGED, divergence, argument, offset);
    }
}

static __attribute__((noreturn)) void ask(long request, long point) {
    for (;;) {
        gate_control(request, point, 0, 0);
    }
}

static void remember(struct call *call) {
    struct lane *own = lane_of(call->task, call->task->variant);
    uint64_t *entry = &own->history[(own->history_count % HISTORY_ENTRIES) * 8];
    entry[0] = call->number;
    entry[1] = (uint64_t)call->result;
    copy(entry + 2, call->arguments, sizeof call->arguments);
    __atomic_store_n(&own->history_count, own->history_count + 1, __ATOMIC_RELEASE);
    if (call->number < CALL_NUMBERS) {
        own->counts[call->number]++;
    }
}

static void put_signal(struct task *task, uint32_t point, uint64_t turn) {
    struct message message = {.kind = MESSAGE_SIGNAL, .number = point, .turn = turn};
    lane_put(task, &message, sizeof message);
}

/* Leader: a call was given up for a signal, and wrote nothing that followers need to know. */
void call_interrupted(struct task *task, uint64_t turn) {
    put_signal(task, POINT_INTERRUPTED, turn);
    lane_publish(task);
    ask(REQUEST_SIGNAL, POINT_INTERRUPTED);
}

/* What the kernel wrote although the call was given up: the remainder of a sleep. */
static void interrupted_outputs(struct call *call) {
    call->result = -EINTR;
    if (call->rule->flags & FLAG_OUT_ON_ERROR) {
        walk_outputs(call);
    }
}

static void put_call(struct call *call, int waits) {
    struct message message = {
        .kind = MESSAGE_CALL,
        .number = (uint32_t)call->number,
        .flags = call->prompt ? CALL_PROMPT : 0,
        .released = call->released,
    };
    copy(message.arguments, call->arguments, sizeof message.arguments);
    lane_put(call->task, &message, sizeof message);
    if (!handler_inputs(call)) {
        walk_inputs(call);
    }
    if (waits || call->released || call->prompt) {
        lane_publish(call->task);
    } else {
        lane_show(call->task); /* who sleeps is woken by the result, and finds both */
    }
}

/* Whether a signal that came before the call must not wait until after it. */
static int looks_at_signals(const struct call *call) {
    switch (call->number) {
    case __NR_rt_sigaction:
    case __NR_rt_sigprocmask:
    case __NR_rt_sigpending:
    case __NR_rt_sigsuspend:
    case __NR_rt_sigtimedwait:
    case __NR_signalfd:
    case __NR_signalfd4:
    case __NR_ppoll:
    case __NR_pselect6:
    case __NR_epoll_pwait:
    case __NR_epoll_pwait2:
    case __NR_setitimer:
    case __NR_timer_settime:
    case __NR_timer_delete:
    case __NR_execve:
    case __NR_execveat:
        return 1;
    }
    return 0;
}

/*
 * Leader: whether a handler can end without the supervisor. It has to see the end when a signal may
 * come there, in every variant: one that the end unblocks, or one that mvx holds back.
 */
static int ends_promptly(const struct call *call) {
    const struct task *task = call->task;
    uint64_t waiting = 0;
    return call->number == __NR_rt_sigreturn && !task->pending && !task->deferred &&
           !task->duties && task->verify != VERIFY_ALL &&
           !plain(__NR_rt_sigpending, (uint64_t)&waiting, sizeof waiting, 0, 0, 0, 0) && !waiting;
}

/* A handler ends. What the frame on the program's stack says is the program's business: it could
 * have set these registers itself. */
static __attribute__((noreturn)) void end_handler(struct call *call) {
    struct task *task = call->task;
    remember(call);
    task->calls++;
    task->returns++;
    __atomic_store_n(&lane_of(task, task->variant)->number, 0, __ATOMIC_RELEASE);
    leave_handler(call->frame->rsp);
}

/*
 * Leader: whether a call waits for the followers only so that these keep up. A signal that comes
 * while the leader computes waits for who is still to come to the same place; the supervisor asks
 * for some calls after each signal of a clock (stops/ticks.c).
 */
static int keeps_level(const struct task *task) {
    struct lane *own = lane_of(task, task->variant);
    uint32_t left = own->level;
    if (left) {
        own->level = left - 1;
    }
    return left != 0;
}

static void lead(struct call *call) {
    struct task *task = call->task;
    if (task->pending == 1 || (task->deferred && looks_at_signals(call))) {
        put_signal(task, POINT_ENTRY, 0);
        lane_publish(task);
        ask(REQUEST_SIGNAL, POINT_ENTRY);
    }
    int waits = call_meets(call);
    int postpones = waits && postponed_begins(call);
    waits &= !postpones;
    if (waits && postponed_any()) {
        postponed_make(task);
    }
    waits |= keeps_level(task);
    int is_answered = postponed_answer(call);
    call->released = (uint8_t)(!postpones && !is_answered && turn_is_released(call));
    if (call->released && attempt_begins(call)) {
        call->attempts = 1;
        call->released = 0;
    }
    if (!call->released && !postpones && !postponed_any()) {
        turn_let_others(call);
    }
    call->prompt = (uint8_t)ends_promptly(call);
    put_call(call, waits);
    struct aside aside;
    if (call->released) {
        aside_begin(call, &aside);
        turn_release(task);
    }
    if (waits) {
        lane_wait_agreed(task);
    }
    if (call->prompt) {
        end_handler(call);
    }
    if (call->executor == EXECUTOR_NATIVE) {
        remember(call);
        ask(REQUEST_NATIVE, 0);
    }
    uint64_t time = order_before(call);
    if (call->executor == EXECUTOR_REFUSED) {
        call->result = -(int64_t)call->refusal;
        if (call->rule->told) {
            gate_control(REQUEST_TOLD, (long)call->number, 0, 0);
        }
    } else if (postpones) {
        postponed_ends(call);
    } else if (!is_answered) {
        call_execute(call, &aside);
        if (task->copies) {
            shared_changed(call);
        }
    }
    if (task->postpones) {
        postponed_seen(call);
    }
    uint64_t turn = call->released ? turn_take(task, 0) : order_after(call, time);
    if (call->aside) {
        aside_end(call);
    }
    if (task->interrupted) {
        put_signal(task, POINT_INTERRUPTED, turn);
        interrupted_outputs(call);
        lane_publish(task);
        ask(REQUEST_SIGNAL, POINT_INTERRUPTED);
    }
    handler_finish(call);
    uint32_t pending = task->pending;
    struct message message = {
        .kind = MESSAGE_RESULT,
        .number = (uint32_t)call->number,
        .result = (uint64_t)call->result,
        .flags = pending ? RESULT_SIGNAL : 0,
        .turn = turn,
    };
    message.arguments[0] = call->kept;
    message.arguments[1] = call->device;
    message.arguments[2] = call->inode;
    message.arguments[3] = call->given;
    lane_put(task, &message, sizeof message);
    if (!handler_outputs(call)) {
        walk_outputs(call);
    }
    lane_publish(task);
    pointers_translate(call);
    if (call->flags & FLAG_SETTLE ||
        (call->executor == EXECUTOR_EVERYONE && call_is_verified(call))) {
        lane_wait_agreed(task);
    }
    call->frame->rax = (uint64_t)call->result;
    remember(call);
    if (pending) {
        ask(REQUEST_SIGNAL, POINT_EXIT);
    }
}

void call_signal(struct task *task, long point) {
    lane_acknowledge(task);
    ask(REQUEST_SIGNAL, point);
}

/* Returns 0 when the call was answered without the leader. */
static int compare_call(struct call *call) {
    struct message message;
    for (;;) {
        lane_peek(call->task, &message, sizeof message);
        if (message.kind == MESSAGE_CALL && message.number == call->number &&
            !(call->rule->elastic && walk_compare_values(call, message.arguments) >= 0)) {
            if (!pardon_values(call, &message)) {
                continue;
            }
            call->task->passed = call->rule->elastic ? call->task->passed : 0;
            break;
        }
        if (message.kind == MESSAGE_CALL && elastic_answer(call, &message)) {
            return 0;
        }
        if (elastic_skip(call, &message)) {
            continue;
        }
        if (message.kind != MESSAGE_CALL) {
            break;
        }
        if (!pardon_call(call, &message)) {
            return 0;
        }
    }
    lane_get(call->task, &message, sizeof message);
    if (message.kind == MESSAGE_SIGNAL) {
        turn_change(call->task, message.turn);
        call_signal(call->task, POINT_ENTRY);
    }
    if (message.kind != MESSAGE_CALL) {
        call_diverged(call, DIVERGENCE_INTEGRITY, 0, message.kind);
    }
    if (!handler_inputs(call)) {
        walk_inputs(call);
    }
    call->prompt = message.flags & CALL_PROMPT && call->number == __NR_rt_sigreturn;
    if (message.released) {
        turn_release(call->task); /* the leader, which waits for us, may stop this process then */
    }
    lane_acknowledge(call->task);
    return 1;
}

static void follow(struct call *call) {
    struct task *task = call->task;
    task->gives = (uint32_t)turn_is_released(call);
    if (!compare_call(call)) {
        call->frame->rax = (uint64_t)call->result;
        return;
    }
    if (call->prompt) {
        end_handler(call);
    }
    if (call->executor == EXECUTOR_NATIVE) {
        remember(call);
        ask(REQUEST_NATIVE, 0);
    }
    struct message message;
    if (call->flags & FLAG_NO_RETURN) {
        call_execute(call, NULL);
    }
    lane_get(task, &message, sizeof message);
    if (message.kind == MESSAGE_LEFT) {
        turn_release(task);
        lane_get(task, &message, sizeof message);
    }
    if (message.turn) {
        turn_take(task, message.turn);
        order_reach(task, message.turn);
    }
    if (message.kind == MESSAGE_SIGNAL) {
        interrupted_outputs(call);
        order_leave(task, message.turn);
        call_signal(task, POINT_INTERRUPTED);
    }
    if (message.kind != MESSAGE_RESULT) {
        call_diverged(call, DIVERGENCE_INTEGRITY, 0, message.kind);
    }
    call->result = pardon_result(call, (int64_t)message.result);
    if (task->own_timers && call->number == __NR_rt_sigtimedwait) {
        timer_taken(call);
    }
    result_check(call);
    call->kept = (uint8_t)message.arguments[0];
    call->device = message.arguments[1];
    call->inode = message.arguments[2];
    call->given = message.arguments[3];
    if (call->executor == EXECUTOR_EVERYONE && !is_error(call->result)) {
        call_execute(call, NULL);
        if (call->rule->handler != HANDLER_MMAP) {
            call->result = (int64_t)message.result;
        }
    }
    handler_finish(call);
    if (!handler_outputs(call)) {
        walk_outputs(call);
    }
    pointers_translate(call);
    if (call->rule->elastic) {
        elastic_seen(call);
    }
    order_leave(task, message.turn);
    lane_acknowledge(task);
    call->frame->rax = (uint64_t)call->result;
    remember(call);
    if (message.flags & RESULT_SIGNAL) {
        ask(REQUEST_SIGNAL, POINT_EXIT);
    }
}

/* Calls that each variant makes for itself; a wait for other threads is the leader's wait. */
static void call_locally(struct call *call) {
    struct task *task = call->task;
    struct lane *own = lane_of(task, task->variant);
    lane_begin(task);
    if (call->number == __NR_futex && task->parallel) {
        call->result = order_futex(call);
        return;
    }
    if (call->rule->handler == HANDLER_ORDER && task->ordered && !task->parallel) {
        __atomic_store_n(&own->number, call->number + 1, __ATOMIC_RELEASE);
        switch (call->number) {
        case __NR_futex:
            call->result = futex_call(call);
            break;
        case __NR_sched_yield:
            turn_yield(call);
            break;
        default:
            call->result = futex_later_call(call);
        }
        __atomic_store_n(&own->number, 0, __ATOMIC_RELEASE);
        return;
    }
    handler_execute(call);
    if (!call->done) {
        call->result = gate_plain((long)call->number, call->arguments);
    }
    handler_finish(call);
}

static void do_duties(struct task *task) {
    if (task->duties & 1U << DUTY_SHOW) {
        gate_control(REQUEST_TRACED, 0, 0, 0);
    }
    if (task->duties & 1U << DUTY_TRAP_COUNTER) {
        gate_control(REQUEST_COUNTER, 0, 0, 0);
    }
}

/* Entered from entry.S on the agent's stack; the result is left in frame->rax. */
__attribute__((used)) void agent_call(struct frame *frame, struct task *task) {
    struct call call = {
        .frame = frame,
        .task = task,
        .number = (uint32_t)frame->orig_rax, /* the kernel looks at 32 bits */
        .rule = rule_of((uint32_t)frame->orig_rax),
        .arguments = {frame->rdi, frame->rsi, frame->rdx, frame->r10, frame->r8, frame->r9},
    };
    call.executor = call.rule->executor;
    call.flags = call.rule->flags;
    call.refusal = call.rule->refusal;
    task->number = call.number;
    task->spins = 0;
    if (postponed_any() && !postponed_pass(&call)) {
        postponed_make(task);
    }
    if (call.flags & FLAG_DESCRIPTOR && call.executor != EXECUTOR_NATIVE &&
        !is_duplication(&call) && move_is_own(&call)) {
        call.executor = EXECUTOR_LOCAL;
    }
    handler_prepare(&call);
    if (task->own_timers && timer_is_own(&call)) {
        call.executor = EXECUTOR_EVERYONE;
    }
    if ((task->loading || task->allocating) && call.rule->loading &&
        !(call.flags & (FLAG_EFFECT | FLAG_SENSITIVE))) {
        call.executor = EXECUTOR_LOCAL;
    }
    turn_join(&call);
    if (call.executor == EXECUTOR_LOCAL) {
        call_locally(&call);
        frame->rax = (uint64_t)call.result;
        do_duties(task);
        if (call.pending) {
            ask(REQUEST_SIGNAL, POINT_EXIT);
        }
        return;
    }
    struct lane *own = lane_of(task, task->variant);
    lane_begin(task);
    __atomic_store_n(&own->number, call.number + 1, __ATOMIC_RELEASE);
    if (is_leader(task)) {
        lead(&call);
    } else {
        follow(&call);
    }
    task->calls++;
    __atomic_store_n(&own->number, 0, __ATOMIC_RELEASE);
    do_duties(task);
}
