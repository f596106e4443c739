/*
 * Queries that variants may make more or less often, with no effect and nothing to compare: the
 * time, above all. How often a thread looks at the clock depends on how long it waited for another.
 * So a follower that asks where the leader did not is answered from the leader's last answer, and
 * it passes over the leader's surplus queries. A sleep is treated alike: where the leader did not
 * sleep, the follower does not either.
 *
 * glibc's and gnulib's names for temporary files are a special case of the same: a candidate is
 * computed from a stack address, and with 4 % probability rejected, upon which getrandom is asked
 * (sysdeps/posix/tempname.c).
 *
 * Another allocator asks for the time wherever memory is asked for. Such a query can come to where
 * the leader waits for another process, and goes past it: the results of such waits are kept for
 * the follower's own, which come next.
 */
#include <asm/unistd_64.h>

#include "agent.h"

enum { CLOCK_REALTIME = 0 };

struct time {
    int64_t seconds, fraction;
};

static struct time *clock_at(uint64_t clock) {
    return (struct time *)(uint64_t)(image_start + CLOCKS_OFFSET) + (uint32_t)clock % CLOCKS;
}

/* The leader answered a query: remember the time for those that it does not make. */
void elastic_seen(struct call *call) {
    if (call->number == __NR_clock_gettime && !call->result && call->arguments[1]) {
        program_copy(clock_at(call->arguments[0]), (const void *)call->arguments[1],
                     sizeof(struct time));
    }
}

static int64_t ask_own(struct call *call) {
    return gate_plain((long)call->number, call->arguments);
}

static int64_t last_time(struct call *call) {
    struct time now = {0, 0};
    if (call->number == __NR_clock_gettime) {
        now = *clock_at(call->arguments[0]);
    } else if (call->number == __NR_gettimeofday) {
        now = *clock_at(CLOCK_REALTIME);
        now.fraction /= 1000;
    }
    void *place = (void *)call->arguments[call->number == __NR_clock_gettime ? 1 : 0];
    if (!now.seconds || !place) {
        return ask_own(call);
    }
    return program_copy(place, &now, sizeof now) ? -14 /* EFAULT */ : 0;
}

/* Whether a call gives a name to a new file: openat is one only with O_EXCL, which the sender of
 * the message knows. */
static int may_name_file(uint64_t number) {
    return number == __NR_openat || number == __NR_open || rule_of(number)->flags & FLAG_NEW_NAME;
}

static int is_candidate_query(uint64_t number, const uint64_t *arguments) {
    return number == __NR_getrandom && arguments[1] == sizeof(uint64_t);
}

/* Follower: answer a query that the leader did not make here. Returns 1 when the call has its
 * result. */
int elastic_answer(struct call *call, const struct message *message) {
    if (message->number == NUMBER_OUTSIDE || message->number == NUMBER_YIELD) {
        return 0; /* the leader let others go first: its next call is yet to come */
    }
    if (call->rule->elastic) {
        int sleeps = call->number == __NR_nanosleep || call->number == __NR_clock_nanosleep;
        call->result = sleeps ? 0 : last_time(call);
        return 1;
    }
    if (is_candidate_query(call->number, call->arguments) && may_name_file(message->number)) {
        call->result = ask_own(call);
        return 1;
    }
    return 0;
}

/* Follower: pass over a query of the leader that this variant does not make here, a wait for
 * another process, or a wake. Returns 1 when it was one. */
int elastic_skip(struct call *call, const struct message *message) {
    struct task *task = call->task;
    const struct call_rule *rule = rule_of(message->number);
    if (message->kind != MESSAGE_CALL) {
        return 0;
    }
    if (message->number == NUMBER_OUTSIDE || message->number == NUMBER_YIELD) {
        lane_skip(task, sizeof *message);
        turn_release(task);
        struct message answer = turn_follow(call);
        if (message->number == NUMBER_OUTSIDE && call->rule->elastic && task->passed < PASSED) {
            task->passed_results[task->passed++] = answer.result;
        }
        if (answer.kind == MESSAGE_SIGNAL || answer.flags) {
            call_signal(task, POINT_ENTRY);
        }
        lane_begin(task);
        return 1;
    }
    if (order_skip(task, message)) {
        return 1;
    }
    if (message->number == NUMBER_RDTSC || message->number == NUMBER_FUTEX) {
        lane_skip(task, sizeof *message);
        lane_acknowledge(task);
        lane_begin(task);
        return 1;
    }
    if (!rule->elastic &&
        !(is_candidate_query(message->number, message->arguments) && call->flags & FLAG_NEW_NAME)) {
        return 0;
    }
    pass_over(call, message);
    return 1;
}

/* Follower: come to where the leader makes the call with that number, which stays the next message.
 * Returns 0 when it makes another. */
int elastic_come_to(struct call *call, uint32_t number, struct message *message) {
    for (;;) {
        lane_peek(call->task, message, sizeof *message);
        if (message->kind == MESSAGE_CALL && message->number == number) {
            return 1;
        }
        if (!elastic_skip(call, message)) {
            return 0;
        }
    }
}
