/*
 * Blocks: length-prefixed byte strings in a message. The leader writes them, the followers compare
 * (inputs) or receive (outputs) them with the same code, so that both sides walk a call in the same
 * order by construction.
 */
#include "agent.h"

enum { NAME_RANDOM_MAX = 16 };

/* Whether all pages of program memory can be read; a race with another thread's munmap yields
 * zeros, never a crash. */
static int readable(const char *bytes, uint32_t count) {
    if ((uint64_t)bytes + count < (uint64_t)bytes) {
        return 0; /* past the end of the address space */
    }
    for (uint64_t page = (uint64_t)bytes; page < (uint64_t)bytes + count;
         page = (page | (PAGE - 1)) + 1) {
        if (program_probe((const void *)page)) {
            return 0;
        }
    }
    return 1;
}

/* An agreed 32-bit value: the leader's is published, a follower's must be equal. Returns the value.
 */
uint32_t block_value(struct call *call, uint32_t value) {
    if (is_leader(call->task)) {
        lane_put(call->task, &value, sizeof value);
        return value;
    }
    uint32_t other;
    lane_get(call->task, &other, sizeof other);
    return other;
}

/* Input bytes: published by the leader, compared by the followers. Returns 0 where there is no such
 * memory. */
int block_input(struct call *call, int argument, const void *bytes, uint32_t count) {
    uint32_t length = !bytes ? BLOCK_NULL : readable(bytes, count) ? count : BLOCK_FAULT;
    uint32_t other = block_value(call, length);
    if (other != length) {
        call_differs(call, DIVERGENCE_CONTENT, argument, 0);
        lane_skip(call->task, other < BLOCK_NULL ? other : 0);
        return length != BLOCK_FAULT;
    }
    if (length == BLOCK_NULL || length == BLOCK_FAULT) {
        return length == BLOCK_NULL;
    }
    if (is_leader(call->task)) {
        uint64_t position = call->task->position;
        if (!lane_put_program(call->task, bytes, length)) {
            call->compared[argument] = lane_contiguous(call->task, position, length);
            if (!call->compared[argument] && !call->task->alone) {
                call->wrapped = position;
            }
        }
        return 1;
    }
    if (pointers_agree(call, bytes, length)) {
        lane_skip(call->task, length);
        return 1;
    }
    uint64_t end = call->task->position + length;
    long difference = lane_compare(call->task, bytes, length);
    if (difference >= 0) {
        call_differs(call, DIVERGENCE_CONTENT, argument, difference);
        lane_skip(call->task, end - call->task->position);
    }
    return 1;
}

static int is_alphanumeric(char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* Where two names of the same directory differ in letters and digits only, in one stretch of at
 * most NAME_RANDOM_MAX. */
static int differs_in_random_part(const char *name, const char *other, uint32_t length,
                                  uint32_t *first) {
    uint32_t last = 0;
    *first = length;
    for (uint32_t i = 0; i < length; i++) {
        if (name[i] != other[i]) {
            *first = *first == length ? i : *first;
            last = i;
        }
        if (*first != length && name[i] == '/') {
            return 0;
        }
    }
    for (uint32_t i = *first; i <= last && i < length; i++) {
        if (name[i] != other[i] && (!is_alphanumeric(name[i]) || !is_alphanumeric(other[i]))) {
            return 0;
        }
    }
    return *first == length || last - *first < NAME_RANDOM_MAX;
}

/*
 * The name of a file that must not exist yet. mktemp(1) and others derive its random part from a
 * stack address (gnulib's try_tempname_len): a variant's own. Followers take the leader's letters
 * into their buffer, in which the program goes on.
 */
void block_name(struct call *call, int argument, char *bytes, uint32_t count) {
    char name[NAME_SIZE];
    char own[NAME_SIZE];
    uint32_t first;
    if (is_leader(call->task) || count > NAME_SIZE || program_copy(own, bytes, count)) {
        block_input(call, argument, bytes, count);
        return;
    }
    uint32_t other = block_value(call, count);
    if (other != count) {
        call_differs(call, DIVERGENCE_CONTENT, argument, 0);
        lane_skip(call->task, other < BLOCK_NULL ? other : 0);
        return;
    }
    lane_get(call->task, name, count);
    if (!differs_in_random_part(own, name, count, &first) ||
        (first != count && program_copy(bytes, name, count))) {
        call_differs(call, DIVERGENCE_CONTENT, argument, first);
    }
}

/* Output bytes: published by the leader after the call, written to program memory by the followers.
 */
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
