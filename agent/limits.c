/*
 * prlimit64: whose limit it is, and the address space, of which mvx itself takes a part.
 */
#include <asm/unistd_64.h>

#include "agent.h"

static const uint64_t SPACE = 1UL << 47; /* more than any process has */

enum { RLIMIT_CPU = 0, RLIMIT_AS = 9, RLIMIT_RTTIME = 15 };

struct limit {
    uint64_t soft, hard;
};

/* Limits past every address space (RLIM_INFINITY and its neighbours) stay as they are. */
static uint64_t shifted(uint64_t limit, int64_t distance) {
    return (int64_t)limit < 0 ? limit : limit + (uint64_t)distance;
}

/* Whether the address space was limited before mvx began: then mvx is inside of that limit, which
 * is not shifted. The hard limit of a program that has limited itself is above SPACE. */
static int is_older_limit(void) {
    struct limit limit = {0, 0};
    plain(__NR_prlimit64, 0, RLIMIT_AS, 0, (uint64_t)&limit, 0, 0);
    return limit.hard < SPACE;
}

/*
 * prlimit64: a follower sets its own limit. The address space that a program may use is its own,
 * without the agent and the arenas: RLIMIT_AS is shifted by what mvx added. That is another size in
 * each image, and the supervisor corrects the soft limit at exec; the hard limit, which nobody may
 * raise, is shifted by all that there is.
 */
void limit_execute(struct call *call) {
    struct task *task = call->task;
    struct limit limit;
    uint64_t arguments[ARGUMENTS_MAX];
    copy(arguments, call->arguments, sizeof arguments);
    if (!is_leader(task)) {
        arguments[0] = 0;
        arguments[3] = 0;
    }
    int is_space = (uint32_t)arguments[1] == RLIMIT_AS && !is_older_limit();
    if (is_space && arguments[2] &&
        !program_copy(&limit, (const void *)arguments[2], sizeof limit)) {
        limit.soft = shifted(limit.soft, (int64_t)task->overhead);
        limit.hard = shifted(limit.hard, (int64_t)SPACE);
        arguments[2] = (uint64_t)&limit;
    }
    call->done = 1;
    int verified = call->executor == EXECUTOR_EVERYONE;
    call->result = verified ? gate_traced((long)call->number, arguments)
                            : gate_interruptible((long)call->number, arguments);
    if (is_space && arguments[3] && !is_error(call->result) &&
        !program_copy(&limit, (const void *)arguments[3], sizeof limit)) {
        limit.soft = shifted(limit.soft, -(int64_t)task->overhead);
        limit.hard = limit.hard < SPACE ? limit.hard : shifted(limit.hard, -(int64_t)SPACE);
        program_copy((void *)arguments[3], &limit, sizeof limit);
    }
}

void limit_prepare(struct call *call) {
    if (!call->arguments[2]) {
        call->executor = EXECUTOR_LEADER;
        call->flags &= (uint8_t)~FLAG_SENSITIVE;
    } else if (((uint32_t)call->arguments[0] && (uint32_t)call->arguments[0] != call->task->pid) ||
               (uint32_t)call->arguments[1] == RLIMIT_CPU ||
               (uint32_t)call->arguments[1] == RLIMIT_RTTIME) {
        /* Another process's limits; limits whose signals would come to each variant by itself. */
        call->executor = EXECUTOR_LEADER;
    }
}
