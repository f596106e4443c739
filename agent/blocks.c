/*
 * Blocks: length-prefixed byte strings in a message. The leader writes them, the followers compare (inputs) or receive
 * (outputs) them with the same code, so that both sides walk a call in the same order by construction.
 */
#include "agent.h"

/* Whether all pages of program memory can be read; a race with another thread's munmap yields zeros, never a crash. */
static int readable(const char *bytes, uint32_t count) {
    for (uint64_t page = (uint64_t)bytes; page < (uint64_t)bytes + count; page = (page | (PAGE - 1)) + 1) {
        if (program_probe((const void *)page)) {
            return 0;
        }
    }
    return 1;
}

/* An agreed 32-bit value: the leader's is published, a follower's must be equal. Returns the value. */
uint32_t block_value(struct call *call, uint32_t value) {
    if (is_leader(call->task)) {
        lane_put(call->task, &value, sizeof value);
        return value;
    }
    uint32_t other;
    lane_get(call->task, &other, sizeof other);
    return other;
}

/* Input bytes: published by the leader, compared by the followers. */
void block_input(struct call *call, int argument, const void *bytes, uint32_t count) {
    uint32_t length = !bytes ? BLOCK_NULL : readable(bytes, count) ? count : BLOCK_FAULT;
    uint32_t other = block_value(call, length);
    if (other != length) {
        call_diverged(call, DIVERGENCE_CONTENT, argument, 0);
    }
    if (length == BLOCK_NULL || length == BLOCK_FAULT) {
        return;
    }
    if (is_leader(call->task)) {
        lane_put_program(call->task, bytes, length);
        return;
    }
    long difference = lane_compare(call->task, bytes, length);
    if (difference >= 0) {
        call_diverged(call, DIVERGENCE_CONTENT, argument, difference);
    }
}

/* Output bytes: published by the leader after the call, written to program memory by the followers. */
void block_output(struct call *call, void *bytes, uint32_t count, uint32_t capacity) {
    uint32_t length = block_value(call, bytes ? count : BLOCK_NULL);
    if (length == BLOCK_NULL) {
        return;
    }
    if (is_leader(call->task)) {
        lane_put_program(call->task, bytes, length);
        return;
    }
    if (length > capacity) {
        call_diverged(call, DIVERGENCE_INTEGRITY, 0, length);
    }
    lane_get_program(call->task, bytes, length);
}
