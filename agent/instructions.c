/*
 * Tasks that the supervisor sends here without a call: at a trapped rdtsc, for a first turn, or to
 * give the turn to somebody else (INSTRUCTIONS in layout.py).
 */
#include <asm/unistd_64.h>

#include "agent.h"

enum { CLOCK_MONOTONIC_RAW = 4 };

/* The time stamp counter that variants see: nanoseconds scaled to the frequency that the supervisor
 * measured. */
static uint64_t stamp(const struct task *task) {
    struct moment now = {0, 0};
    clock_now(task, CLOCK_MONOTONIC_RAW, &now);
    uint64_t microseconds = (uint64_t)now.seconds * 1000000 + (uint64_t)now.nanoseconds / 1000;
    uint64_t rest = (uint64_t)now.nanoseconds % 1000;
    return microseconds * task->tsc_khz / 1000 + rest * task->tsc_khz / 1000000;
}

/* rdtsc, rdtscp: trapped by PR_SET_TSC, answered with the leader's value like a call without
 * effect. */
static void read_counter(struct call *call) {
    struct frame *frame = call->frame;
    struct task *task = call->task;
    struct message message = {.kind = MESSAGE_CALL, .number = NUMBER_RDTSC};
    if (is_leader(task)) {
        message.result = stamp(task);
        lane_put(task, &message, sizeof message);
        lane_publish(task);
    } else if (elastic_come_to(call, NUMBER_RDTSC, &message)) {
        lane_skip(task, sizeof message);
        lane_acknowledge(task);
    } else {
        message.result = stamp(task); /* the leader did not look here */
    }
    frame->rax = message.result & 0xffffffff;
    frame->rdx = message.result >> 32;
    if (task->instruction == INSTRUCTION_RDTSCP) {
        frame->rcx = 0;
    }
    task->calls++;
}

/* Entered from entry.S on the agent's stack. */
__attribute__((used)) void agent_instruction(struct frame *frame, struct task *task) {
    struct call call = {
        .frame = frame, .task = task, .number = NUMBER_RDTSC, .rule = rule_of(NUMBER_RDTSC)};
    if (task->instruction == INSTRUCTION_YIELD) {
        call.number = NUMBER_YIELD;
    }
    task->number = call.number;
    task->message = task->position;
    if (postponed_any() && task->instruction >= INSTRUCTION_START) {
        postponed_make(task);
    }
    switch (task->instruction) {
    case INSTRUCTION_POSTPONED:
        return;
    case INSTRUCTION_START:
        turn_start(&call);
        return;
    case INSTRUCTION_YIELD:
        turn_yield(&call);
        return;
    default:
        read_counter(&call);
    }
}
