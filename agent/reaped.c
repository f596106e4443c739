/*
 * A child that has ended is visible to its parent's wait only when its tracer has reaped it
 * (wait_consider_task in kernel/exit.c), but a pidfd of it is readable at once (pidfd_poll in
 * fs/pidfs.c). Who waits by a pidfd without waiting, and finds nothing although it is readable,
 * waits here for the tracer, which is mvx.
 */
#include <asm/poll.h>
#include <asm/unistd_64.h>
#include <linux/wait.h>

#include "agent.h"

enum { NAP_NS = 200000, NAPS = 10000, NAPS_UNASKED = 100, SIGINFO_PID = 16 };

struct poll_descriptor {
    int32_t number;
    int16_t wanted, found;
};

static int is_nothing(const struct call *call, const uint64_t *arguments) {
    int32_t number;
    return call->number == __NR_waitid && (int32_t)call->arguments[0] == P_PIDFD &&
           call->arguments[3] & WNOHANG && call->arguments[3] & WEXITED && call->result == 0 &&
           !program_copy(&number, (const void *)(arguments[2] + SIGINFO_PID), sizeof number) &&
           !number;
}

static int has_ended(int32_t number) {
    struct poll_descriptor descriptor = {number, POLLIN, 0};
    return plain(__NR_poll, (uint64_t)&descriptor, 1, 0, 0, 0, 0) == 1 &&
           descriptor.found == POLLIN;
}

/* Leader: a call is over that the program made. Where every call is verified the agent must not ask
 * whether the child has ended: it waits a little in any case. */
void reaped_wait(struct call *call, const uint64_t *arguments) {
    const uint32_t nobody = 0;
    int naps = call->task->verify == VERIFY_ALL ? NAPS_UNASKED : NAPS;
    if (!is_nothing(call, arguments) || (naps == NAPS && !has_ended((int32_t)call->arguments[1]))) {
        return;
    }
    for (int nap = 0; nap < naps && is_nothing(call, arguments); nap++) {
        word_sleep(&nobody, nobody, 0, NAP_NS);
        call->result = gate_plain(__NR_waitid, arguments);
    }
}
