/*
 * Results that the kernel can give. A follower learns them from the leader, which may be taken
 * over: a read of more than the buffer holds, a descriptor in use or an error past MAX_ERRNO would
 * let it lead the program astray. Buffers themselves are bounded where they are written
 * (block_output).
 */
#include <asm/unistd_64.h>

#include "agent.h"

enum { MSG_TRUNC = 0x20, VECTORS_MAX = 1024, MESSAGE_VECTORS = 16, MESSAGE_COUNT = 24 };

static const uint64_t ANY = ~0UL;

/* The bytes of an array of struct iovec. */
static uint64_t vector_bytes(uint64_t vectors, uint64_t count) {
    uint64_t sum = 0;
    for (uint64_t i = 0; i < count && i < VECTORS_MAX; i++) {
        uint64_t vector[2];
        if (program_copy(vector, (const void *)(vectors + i * sizeof vector), sizeof vector)) {
            return ANY;
        }
        sum += vector[1];
    }
    return sum;
}

static uint64_t message_bytes(uint64_t header) {
    uint64_t vectors[2];
    if (program_copy(vectors, (const void *)(header + MESSAGE_VECTORS), sizeof vectors)) {
        return ANY;
    }
    return vector_bytes(vectors[0], vectors[1]);
}

/* What a call returns at most that says how much it moved, or how many are ready. */
static uint64_t most_moved(const struct call *call) {
    switch (call->number) {
    case __NR_poll:
    case __NR_ppoll:
        return (uint32_t)call->arguments[1];
    case __NR_write:
    case __NR_pwrite64:
    case __NR_sendto:
    case __NR_msgrcv:
    case __NR_tee:
        return call->arguments[2];
    case __NR_sendfile:
        return call->arguments[3];
    case __NR_splice:
    case __NR_copy_file_range:
        return call->arguments[4];
    case __NR_sendmsg:
        return message_bytes(call->arguments[1]);
    case __NR_recvmsg:
        return call->arguments[2] & MSG_TRUNC ? ANY : message_bytes(call->arguments[1]);
    case __NR_sendmmsg:
    case __NR_recvmmsg:
    case __NR_epoll_wait:
    case __NR_epoll_pwait:
    case __NR_epoll_pwait2:
        return (uint32_t)call->arguments[2];
    }
    return ANY;
}

/* What a vector or an output buffer says of the result's size. A query of a size gives no buffer,
 * a datagram may be longer than its buffer when the program asks how long it is, and a key. */
static uint64_t most_for(struct call *call, int index) {
    const struct argument_rule *rule = &call->rule->arguments[index];
    uint64_t operand = call->arguments[rule->operand];
    if (rule->kind == KIND_VECTOR) {
        return vector_bytes(call->arguments[index], operand);
    }
    if (rule->kind != KIND_BYTES || rule->length != LENGTH_RESULT || !operand ||
        (call->number == __NR_recvfrom && call->arguments[3] & MSG_TRUNC) ||
        call->number == __NR_keyctl) {
        return ANY;
    }
    return call->rule->arguments[rule->operand].kind == KIND_INT ? (uint32_t)operand : operand;
}

/* Follower: whether the kernel could have given the leader this result. */
static int is_possible(struct call *call, int64_t result) {
    if (is_error(result) || call->rule->handler == HANDLER_FCNTL) {
        return 1; /* F_GETOWN: a process group's number comes negated */
    }
    switch (call->rule->result) {
    case RESULT_ZERO:
        return !result;
    case RESULT_DESCRIPTOR:
        if (call->number == __NR_dup2 || call->number == __NR_dup3) {
            return result == (int32_t)call->arguments[1];
        }
        return result >= 0 && result <= INT32_MAX;
    }
    if (result < 0 || (uint64_t)result > most_moved(call)) {
        return 0;
    }
    for (int index = 0; index < call->rule->count; index++) {
        if ((uint64_t)result > most_for(call, index)) {
            return 0;
        }
    }
    return 1;
}

void result_check(struct call *call) {
    if (!call->pardoned && !is_possible(call, call->result)) {
        call_diverged(call, DIVERGENCE_INTEGRITY, 0, call->result);
    }
}
