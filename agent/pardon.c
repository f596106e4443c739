/*
 * Differences that are none. A follower that finds a difference asks the supervisor; it may be told
 * that the call counts as equal, that it is this variant's own, or that the leader's call is to be
 * passed over (VERDICT_*; src/mvx/judge.py). Until told so it does not go on.
 */
#include "agent.h"

long call_differs(struct call *call, long divergence, long argument, long offset) {
    long verdict;
    do {
        verdict = gate_control(REQUEST_DIVERGED, divergence, argument, offset);
    } while (verdict <= VERDICT_STOP || verdict > VERDICT_SKIP);
    if (divergence != DIVERGENCE_CALL && verdict == VERDICT_EQUAL) {
        call->pardoned |= (uint8_t)(1 << argument);
    }
    return verdict;
}

/* Returns 0 for memory that is not there: no other block of an array follows. */
static int skip_block(struct task *task) {
    uint32_t length;
    lane_get(task, &length, sizeof length);
    lane_skip(task, length < BLOCK_NULL ? length : 0);
    return length != BLOCK_FAULT;
}

/* The blocks of a call's inputs, as walk_inputs publishes them, for calls without a handler of
 * their own for inputs (the supervisor passes over no other). */
static void skip_inputs(struct task *task, const struct call_rule *rule,
                        const uint64_t *arguments) {
    for (int index = 0; index < rule->count && !rule->elastic; index++) {
        const struct argument_rule *argument = &rule->arguments[index];
        if (argument->direction != DIRECTION_IN && argument->direction != DIRECTION_IN_OUT) {
            continue;
        }
        uint64_t operand = arguments[argument->operand];
        uint64_t blocks = 1;
        if (argument->kind == KIND_VECTOR ||
            (argument->kind == KIND_BYTES && argument->layout && arguments[index])) {
            blocks = argument->length == LENGTH_ARGUMENT ? operand : 1;
            blocks = rule_is_beyond(argument, operand) ? 0 : blocks;
        }
        while (blocks && skip_block(task)) {
            blocks--;
        }
    }
}

/* Follower: pass over a call of the leader, from its message to its result. */
void pass_over(struct call *call, const struct message *message) {
    struct task *task = call->task;
    const struct call_rule *rule = rule_of(message->number);
    lane_skip(task, sizeof *message);
    skip_inputs(task, rule, message->arguments);
    lane_acknowledge(task);
    if (message->released) {
        turn_release(task);
    }
    struct message answer;
    lane_get(task, &answer, sizeof answer);
    if (answer.turn) {
        turn_take(task, answer.turn);
        order_reach(task, answer.turn);
        order_leave(task, answer.turn);
    }
    if (answer.kind == MESSAGE_SIGNAL) {
        call_signal(task, POINT_ENTRY);
    }
    if (answer.kind != MESSAGE_RESULT) {
        call_diverged(call, DIVERGENCE_INTEGRITY, 0, answer.kind);
    }
    int written = !is_error((int64_t)answer.result) || rule->flags & FLAG_OUT_ON_ERROR;
    for (int index = 0; index < rule->count && written; index++) {
        uint8_t direction = rule->arguments[index].direction;
        if ((direction == DIRECTION_OUT || direction == DIRECTION_IN_OUT) &&
            message->arguments[index]) {
            skip_block(task);
        }
    }
    lane_acknowledge(task);
    lane_begin(task);
    if (answer.flags) {
        call_signal(task, POINT_ENTRY);
    }
}

/* Follower: the leader makes another call. Returns 1 when it was passed over, 0 when the follower's
 * own is done; else the run ends here. */
int pardon_call(struct call *call, const struct message *message) {
    if (call_differs(call, DIVERGENCE_CALL, 0, 0) == VERDICT_SKIP) {
        pass_over(call, message);
        return 1;
    }
    call->executor = EXECUTOR_LOCAL;
    call->result = call->flags & FLAG_SENSITIVE ? gate_traced((long)call->number, call->arguments)
                                                : gate_plain((long)call->number, call->arguments);
    handler_finish(call);
    return 0;
}

/* The input buffer whose length an argument is, -1 if there is none. */
static int input_of(const struct call_rule *rule, int argument) {
    for (int index = 0; index < rule->count; index++) {
        const struct argument_rule *buffer = &rule->arguments[index];
        if (buffer->kind == KIND_BYTES && buffer->direction == DIRECTION_IN &&
            buffer->length == LENGTH_ARGUMENT && buffer->operand == argument) {
            return index;
        }
    }
    return -1;
}

/* Follower: the values of the arguments; the run ends here when they differ and must not. Returns 0
 * when the message is the leader's alone and was passed over. */
int pardon_values(struct call *call, const struct message *message) {
    const uint64_t *leader = message->arguments;
    for (;;) {
        int argument = walk_compare_values(call, leader);
        if (argument < 0) {
            return 1;
        }
        if (call_differs(call, DIVERGENCE_ARGUMENT, argument, 0) == VERDICT_SKIP) {
            pass_over(call, message);
            return 0;
        }
        if (input_of(call->rule, argument) >= 0) {
            call->sent = leader[argument];
        }
    }
}

/* Follower: what a call returns that sent another number of bytes in the leader: all or, as far as
 * there are so many here, as many. */
int64_t pardon_result(const struct call *call, int64_t result) {
    if (!call->sent || result <= 0) {
        return result;
    }
    for (int argument = 0; argument < call->rule->count; argument++) {
        if (call->pardoned >> argument & 1 && input_of(call->rule, argument) >= 0) {
            int64_t own = (int64_t)call->arguments[argument];
            return result == (int64_t)call->sent || result > own ? own : result;
        }
    }
    return result;
}
