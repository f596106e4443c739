/*
 * sendmsg and recvmsg with their relatives: a header that points at an address, an array of buffers
 * and control data.
 *
 * Descriptors that arrive (SCM_RIGHTS) get placeholders at the leader's numbers. Padding between
 * control messages is not compared: senders leave it uninitialised.
 */
#include <asm/fcntl.h>

#include "agent.h"

enum {
    SOL_SOCKET = 1,
    SCM_RIGHTS = 1,
    MSG_CMSG_CLOEXEC = 0x40000000,
    VECTORS_MAX = 1024,
    MESSAGES_MAX = 1024,
    NAME_MAX = 128
};

struct vector {
    uint64_t base, length;
};

struct header {
    uint64_t name;
    uint32_t name_length, padding;
    uint64_t vectors, vector_count, control, control_length;
    uint32_t flags, padding_end;
};

struct control {
    uint64_t length;
    int32_t level, type;
};

static uint64_t align(uint64_t value) {
    return (value + 7) & ~7UL;
}

static void control_inputs(struct call *call, const struct header *header) {
    uint64_t offset = 0;
    while (offset + sizeof(struct control) <= header->control_length) {
        struct control control;
        if (program_copy(&control, (const void *)(header->control + offset), sizeof control) ||
            control.length < sizeof control || control.length > header->control_length - offset) {
            return;
        }
        block_input(call, 1, &control, sizeof control);
        block_input(call, 1, (const void *)(header->control + offset + sizeof control),
                    (uint32_t)(control.length - sizeof control));
        offset += align(control.length);
    }
}

/* Returns 0 where the kernel finds that it must refuse the message, and looks at nothing more. */
static int message_inputs(struct call *call, uint64_t address) {
    struct header header;
    if (program_copy(&header, (const void *)address, sizeof header)) {
        block_input(call, 1, (const void *)address, sizeof header);
        return 0;
    }
    const char *name = header.name_length ? (const char *)header.name : NULL;
    if (!address_input(call, 1, name, header.name_length) || header.vector_count > VECTORS_MAX) {
        return 0;
    }
    for (uint64_t i = 0; i < header.vector_count; i++) {
        struct vector vector;
        if (program_copy(&vector, (const void *)(header.vectors + i * sizeof vector),
                         sizeof vector) ||
            !block_input(call, 1, vector.length ? (const void *)vector.base : NULL,
                         (uint32_t)vector.length)) {
            return 0;
        }
    }
    if (header.control) {
        control_inputs(call, &header);
    }
    return 1;
}

static uint64_t stride_of(int many) {
    return sizeof(struct header) + (many ? 8 : 0);
}

void messages_inputs(struct call *call, int many) {
    uint64_t count = many ? (uint32_t)call->arguments[2] : 1;
    for (uint64_t i = 0; i < count && i < MESSAGES_MAX; i++) {
        if (!message_inputs(call, call->arguments[1] + i * stride_of(many))) {
            return;
        }
    }
}

/* Leader: descriptors of memfds, which every variant has for itself, go to another process. There
 * they are the followers' own, too, when they are mapped: the supervisor notes which belong
 * together. */
static void pass_own(const struct call *call, const struct header *header) {
    uint64_t offset = 0;
    while (offset + sizeof(struct control) <= header->control_length) {
        struct control control;
        if (program_copy(&control, (const void *)(header->control + offset), sizeof control) ||
            control.length < sizeof control || control.length > header->control_length - offset) {
            return;
        }
        uint64_t end = control.level == SOL_SOCKET && control.type == SCM_RIGHTS ? control.length
                                                                                 : sizeof control;
        for (uint64_t at = sizeof control; at + 4 <= end; at += 4) {
            int32_t number;
            if (program_copy(&number, (const void *)(header->control + offset + at),
                             sizeof number)) {
                return;
            }
            if (descriptor_kept(call->task, number) == KEPT_OWN) {
                gate_control(REQUEST_PASSED, number, 0, 0);
            }
        }
        offset += align(control.length);
    }
}

/* Leader: before a call that may send descriptors. */
void messages_pass(const struct call *call) {
    int many = call->rule->handler == HANDLER_SEND_MESSAGES;
    if (call->task->variants == 1 || (!many && call->rule->handler != HANDLER_SEND_MESSAGE)) {
        return;
    }
    uint64_t count = many ? (uint32_t)call->arguments[2] : 1;
    for (uint64_t i = 0; i < count && i < MESSAGES_MAX; i++) {
        struct header header;
        uint64_t address = call->arguments[1] + i * stride_of(many);
        if (program_copy(&header, (const void *)address, sizeof header)) {
            return;
        }
        if (header.control) {
            pass_own(call, &header);
        }
    }
}

static void descriptors_arrived(struct call *call, const struct header *header, uint64_t flags) {
    uint64_t offset = 0;
    while (offset + sizeof(struct control) <= header->control_length) {
        struct control control;
        if (program_copy(&control, (const void *)(header->control + offset), sizeof control) ||
            control.length < sizeof control) {
            return;
        }
        if (control.level == SOL_SOCKET && control.type == SCM_RIGHTS) {
            for (uint64_t at = sizeof control; at + 4 <= control.length; at += 4) {
                int32_t number;
                if (!program_copy(&number, (const void *)(header->control + offset + at),
                                  sizeof number)) {
                    descriptor_arrived(call->task, number, !!(flags & MSG_CMSG_CLOEXEC));
                }
            }
        }
        offset += align(control.length);
    }
}

/* The address comes in full; a follower keeps what its buffer holds, as the kernel did for the
 * leader. */
static void name_outputs(struct call *call, uint64_t name, uint32_t length, uint32_t capacity) {
    length = name ? length : 0;
    length = block_value(call, length < NAME_MAX ? length : NAME_MAX);
    if (is_leader(call->task)) {
        lane_put_program(call->task, (const void *)name, length);
        return;
    }
    uint32_t kept = length < capacity ? length : capacity;
    lane_get_program(call->task, (void *)name, kept);
    lane_skip(call->task, length - kept);
}

/* A received message: what the leader's kernel wrote behind the header, and the header's lengths
 * and flags. */
static void message_outputs(struct call *call, uint64_t address, int64_t bytes, uint64_t flags) {
    struct task *task = call->task;
    struct header header;
    zero(&header, sizeof header);
    program_copy(&header, (const void *)address, sizeof header);
    struct {
        uint32_t name_length, flags;
        uint64_t control_length;
    } after = {header.name_length, header.flags, header.control_length};
    if (is_leader(task)) {
        lane_put(task, &after, sizeof after);
    } else {
        lane_get(task, &after, sizeof after);
        if (after.control_length > header.control_length ||
            (after.name_length > NAME_MAX && after.name_length > header.name_length)) {
            call_diverged(call, DIVERGENCE_INTEGRITY, 0, (long)after.control_length);
        }
    }
    name_outputs(call, header.name, after.name_length, header.name_length);
    for (uint64_t i = 0; i < header.vector_count && i < VECTORS_MAX && bytes > 0; i++) {
        struct vector vector;
        if (program_copy(&vector, (const void *)(header.vectors + i * sizeof vector),
                         sizeof vector)) {
            break;
        }
        uint64_t part = (uint64_t)bytes < vector.length ? (uint64_t)bytes : vector.length;
        block_output(call, (void *)vector.base, (uint32_t)part, (uint32_t)vector.length);
        bytes -= (int64_t)part;
    }
    block_output(call, (void *)header.control, (uint32_t)after.control_length,
                 (uint32_t)header.control_length);
    header.name_length = after.name_length;
    header.flags = after.flags;
    header.control_length = after.control_length;
    if (!is_leader(task)) {
        program_copy((void *)address, &header, sizeof header);
    }
    if (header.control) {
        descriptors_arrived(call, &header, flags);
    }
}

void messages_outputs(struct call *call, int many) {
    if (many && call->number == 299 /* recvmmsg */ && call->arguments[4]) {
        walk_output(call, 4);
    }
    if (is_error(call->result)) {
        return;
    }
    int64_t count = many ? call->result : 1;
    uint64_t flags = call->arguments[many ? 3 : 2];
    for (int64_t i = 0; i < count && i < MESSAGES_MAX; i++) {
        uint64_t address = call->arguments[1] + (uint64_t)i * stride_of(many);
        uint32_t length = (uint32_t)call->result;
        if (many) {
            program_copy(&length, (const void *)(address + sizeof(struct header)), sizeof length);
            if (is_leader(call->task)) {
                lane_put(call->task, &length, sizeof length);
            } else {
                lane_get(call->task, &length, sizeof length);
                program_copy((void *)(address + sizeof(struct header)), &length, sizeof length);
            }
        }
        if (call->number != 307 /* sendmmsg: nothing else comes back */) {
            message_outputs(call, address, length, flags);
        }
    }
}
