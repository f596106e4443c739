/*
 * A signal that the program ignores never interrupts a call natively: the kernel drops it when it
 * is sent. A traced task is woken for it (sig_ignored in kernel/signal.c), and a transfer that has
 * begun ends early. The supervisor marks the task (`disturbed`), and the rest is transferred here.
 */
#include <asm/unistd_64.h>

#include "agent.h"

enum { MSG_DONTWAIT = 0x40, MSG_WAITALL = 0x100 };

static int goes_on(const struct call *call) {
    switch (call->number) {
    case __NR_write:
        return 1;
    case __NR_sendto:
        return !(call->arguments[3] & MSG_DONTWAIT);
    case __NR_recvfrom:
        return (call->arguments[3] & (MSG_WAITALL | MSG_DONTWAIT)) == MSG_WAITALL;
    }
    return 0;
}

/* The call was made with these arguments, which may be changed: make it again for what is left. */
void transfer_rest(struct call *call, uint64_t *arguments) {
    struct task *task = call->task;
    uint64_t done = call->result > 0 ? (uint64_t)call->result : 0;
    uint64_t part = done;
    while (task->disturbed && part && done < call->arguments[2] && goes_on(call)) {
        task->disturbed = 0;
        arguments[1] += part;
        arguments[2] -= part;
        int64_t more = gate_interruptible((long)call->number, arguments);
        if (is_error(more)) {
            task->interrupted = 0; /* the signal comes when the call is over */
            break;                 /* an error comes back with the program's next call */
        }
        part = (uint64_t)more;
        done += part;
        call->result = (int64_t)done;
    }
    task->disturbed = 0;
}
