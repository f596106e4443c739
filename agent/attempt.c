/*
 * A thread that loses its turn to one that computes waits long for the next. So when that has
 * happened, the leader first makes short calls without waiting, in its turn, and gives the turn up
 * only where they would wait. How many is a budget, which doubles each time the turn is lost for
 * long, and halves when it is not.
 *
 * RWF_NOWAIT: pipes and sockets know it (FMODE_NOWAIT), other files answer EOPNOTSUPP.
 */
#include <asm/unistd_64.h>

#include "agent.h"

enum {
    EAGAIN = 11,
    EOPNOTSUPP = 95,
    PIECE_MAX = 4096, /* PIPE_BUF: written in one piece, or not at all */
    BUDGET_MIN = 16,
    BUDGET_MAX = 4096,
    RWF_NOWAIT = 8,
    MSG_DONTWAIT = 0x40,
    MSG_WAITALL = 0x100
};

/* The leader's thread has got its turn; `waited`: for long. */
void attempt_learn(struct task *task, int waited) {
    if (waited) {
        uint32_t doubled = 2 * task->budget;
        task->budget = doubled < BUDGET_MIN ? BUDGET_MIN : doubled;
        task->budget = task->budget < BUDGET_MAX ? task->budget : BUDGET_MAX;
        task->attempts = task->budget;
    } else if (!task->attempts) {
        task->budget /= 2;
    }
}

/* Whether a call that may wait is first made without waiting. */
int attempt_begins(const struct call *call) {
    struct task *task = call->task;
    if (!task->attempts || call_is_verified(call)) {
        return 0;
    }
    switch (call->number) {
    case __NR_write:
    case __NR_read:
    case __NR_sendto:
    case __NR_recvfrom:
        if (call->arguments[2] > PIECE_MAX ||
            (call->number == __NR_recvfrom && call->arguments[3] & MSG_WAITALL)) {
            return 0;
        }
        break;
    case __NR_poll:
    case __NR_epoll_wait:
        break;
    default:
        return 0;
    }
    task->attempts--;
    return 1;
}

/* Make the call without waiting: with these arguments, which are changed to what is left to do.
 * Returns 1 when it is over; else the turn has been given up. */
int attempt_make(struct call *call, uint64_t *arguments, struct aside *aside) {
    uint64_t now[ARGUMENTS_MAX];
    long number = (long)call->number;
    struct {
        uint64_t base, length;
    } vector = {arguments[1], arguments[2]};
    int64_t done;
    copy(now, arguments, sizeof now);
    switch (call->number) {
    case __NR_write:
    case __NR_read:
        number = call->number == __NR_write ? __NR_pwritev2 : __NR_preadv2;
        now[1] = (uint64_t)&vector;
        now[2] = 1;
        now[3] = now[4] = ~0UL;
        now[5] = RWF_NOWAIT;
        break;
    case __NR_sendto:
    case __NR_recvfrom:
        now[3] |= MSG_DONTWAIT;
        break;
    default:
        now[call->number == __NR_poll ? 2 : 3] = 0;
    }
    done = gate_interruptible(number, now);
    int is_transfer = call->number != __NR_poll && call->number != __NR_epoll_wait;
    int is_output = call->number == __NR_write || call->number == __NR_sendto;
    int is_part = is_output && done > 0 && (uint64_t)done < arguments[2];
    int waits = is_transfer ? done == -EAGAIN || done == -EOPNOTSUPP || is_part
                            : !done && arguments[call->number == __NR_poll ? 2 : 3];
    if (!waits || call->task->interrupted) {
        call->result = done;
        return 1;
    }
    call->size = is_part ? (uint64_t)done : 0; /* postponed_begins may have left its own */
    arguments[1] += call->size;
    arguments[2] -= call->size;
    struct message message = {.kind = MESSAGE_LEFT};
    lane_put(call->task, &message, sizeof message);
    lane_publish(call->task);
    call->released = 1;
    aside_begin(call, aside);
    turn_release(call->task);
    return 0;
}

/* The rest of the call has been made outside the turn. */
void attempt_ends(struct call *call) {
    if (!call->size) {
        return;
    }
    if (is_error(call->result)) {
        call->result = 0;
        call->task->interrupted = 0; /* the signal comes when the call is over */
    }
    call->result += (int64_t)call->size;
}
