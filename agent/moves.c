/*
 * sendfile, copy_file_range and splice between a memfd, which every variant has for itself, and
 * something else, which the leader has alone: the leader makes the call. A follower gets the bytes
 * that came into the memfd, and moves its own offsets.
 */
#include <asm/unistd_64.h>

#include "agent.h"

enum { PIECE = 2048, SEEK_SET = 0, SEEK_CUR = 1 };

struct move {
    int32_t source, target;
    uint64_t source_offset, target_offset; /* addresses, 0: the descriptor's own */
};

static int is_move(const struct call *call, struct move *move) {
    const uint64_t *arguments = call->arguments;
    switch (call->number) {
    case __NR_sendfile:
        *move = (struct move){(int32_t)arguments[1], (int32_t)arguments[0], arguments[2], 0};
        return 1;
    case __NR_copy_file_range:
    case __NR_splice:
        *move =
            (struct move){(int32_t)arguments[0], (int32_t)arguments[2], arguments[1], arguments[3]};
        return 1;
    }
    return 0;
}

/* Whether a call concerns only what the variant has for itself. */
int move_is_own(const struct call *call) {
    struct move move;
    int source = descriptor_kept(call->task, (int32_t)call->arguments[0]) == KEPT_OWN;
    if (!is_move(call, &move)) {
        return source;
    }
    return descriptor_kept(call->task, move.source) == KEPT_OWN &&
           descriptor_kept(call->task, move.target) == KEPT_OWN;
}

/* The leader's file from `start` on is what the followers' are to be. */
static void pass_content(const struct call *call, const struct move *move, uint64_t start) {
    struct task *task = call->task;
    char bytes[PIECE];
    for (uint64_t done = 0; done < (uint64_t)call->result;) {
        uint64_t left = (uint64_t)call->result - done;
        uint64_t part = left < PIECE ? left : PIECE;
        if (is_leader(task)) {
            zero(bytes, sizeof bytes); /* for what another process has cut off */
            plain(__NR_pread64, (uint64_t)move->target, (uint64_t)bytes, part, start + done, 0, 0);
            lane_put(task, bytes, part);
        } else {
            lane_get(task, bytes, part);
            plain(__NR_pwrite64, (uint64_t)move->target, (uint64_t)bytes, part, start + done, 0, 0);
        }
        done += part;
    }
}

/* Leader: where the bytes have gone. */
static uint64_t start_of(const struct call *call, const struct move *move) {
    uint64_t end = 0;
    if (!move->target_offset) {
        end = (uint64_t)plain(__NR_lseek, (uint64_t)move->target, 0, SEEK_CUR, 0, 0, 0);
    } else if (program_copy(&end, (const void *)move->target_offset, sizeof end)) {
        end = (uint64_t)call->result;
    }
    return end - (uint64_t)call->result;
}

/* Returns 1 when it replaced the regular walk. */
int move_outputs(struct call *call) {
    struct task *task = call->task;
    struct move move;
    if (!is_move(call, &move)) {
        return 0;
    }
    walk_outputs(call);
    if (is_error(call->result)) {
        return 1;
    }
    if (!is_leader(task) && !move.source_offset && descriptor_kept(task, move.source) == KEPT_OWN) {
        plain(__NR_lseek, (uint64_t)move.source, (uint64_t)call->result, SEEK_CUR, 0, 0, 0);
    }
    if (descriptor_kept(task, move.target) != KEPT_OWN) {
        return 1;
    }
    uint64_t start = 0;
    if (is_leader(task)) {
        start = start_of(call, &move);
        lane_put(task, &start, sizeof start);
    } else {
        lane_get(task, &start, sizeof start);
    }
    pass_content(call, &move, start);
    if (!is_leader(task) && !move.target_offset) {
        uint64_t end = start + (uint64_t)call->result;
        plain(__NR_lseek, (uint64_t)move.target, end, SEEK_SET, 0, 0, 0);
    }
    return 1;
}
