/*
 * What a call that waits outside the turn gives the program is written aside, into the free part of
 * the leader's ring, and put where the program wants it when the turn is back. So nobody sees it
 * sooner than in the followers, which get it in that turn, too. Nothing of a call that keeps its
 * turn is written aside; nor are more than ROOM_MAX bytes, or what the program cannot write.
 */
#include <asm/unistd_64.h>
#include <linux/poll.h>

#include "agent.h"

enum {
    EFAULT = 14,
    ROOM_MAX = RING_SIZE / 2,
    ALIGNMENT = 16,
    VECTORS_MAX = 1024,
    MESSAGES_MAX = 1024,
    LENGTHS_SIZE = 8
};

struct vector {
    uint64_t base, length;
};

/* struct msghdr; in an array each is followed by the number of bytes that came (struct mmsghdr). */
struct header {
    uint64_t name;
    uint32_t name_length, padding;
    uint64_t vectors, vector_count, control, control_length;
    uint32_t flags, padding_end;
};

static uint64_t rounded(uint64_t size) {
    return (size + ALIGNMENT - 1) & ~(uint64_t)(ALIGNMENT - 1);
}

/* The bytes behind an array of vectors, 0: none, or not to be written aside. */
static uint64_t vector_bytes(uint64_t vectors, uint64_t count) {
    uint64_t sum = 0;
    for (uint64_t i = 0; i < count; i++) {
        struct vector vector;
        if (count > VECTORS_MAX ||
            program_copy(&vector, (const struct vector *)vectors + i, sizeof vector) ||
            vector.length > ROOM_MAX || (sum += vector.length) > ROOM_MAX ||
            (vector.length && program_probe((const void *)vector.base))) {
            return 0;
        }
    }
    return sum;
}

/* Returns -1 where the program cannot write. */
static long scatter(uint64_t vectors, uint64_t count, const char *from, uint64_t bytes) {
    for (uint64_t i = 0; i < count && bytes; i++) {
        struct vector vector;
        if (program_copy(&vector, (const struct vector *)vectors + i, sizeof vector)) {
            return -1;
        }
        uint64_t part = bytes < vector.length ? bytes : vector.length;
        if (program_copy((void *)vector.base, from, part)) {
            return -1;
        }
        from += part;
        bytes -= part;
    }
    return 0;
}

/* As many vectors as the program's, of bytes that follow one another behind them. Returns where
 * those end, 0: behind `end`, as another thread has changed the vectors. */
static uint64_t vectors_begin(uint64_t place, uint64_t end, uint64_t program, uint64_t count) {
    struct vector *vectors = (struct vector *)place;
    uint64_t next = (uint64_t)(vectors + count);
    if (next > end || program_copy(vectors, (const void *)program, count * sizeof *vectors)) {
        return 0;
    }
    for (uint64_t i = 0; i < count; i++) {
        if (vectors[i].length > end - next) {
            return 0;
        }
        vectors[i].base = next;
        next += vectors[i].length;
    }
    return next;
}

/* Messages: the headers come first, then for each its vector, name, control data and bytes. */

static uint64_t stride_of(const struct call *call) {
    return sizeof(struct header) +
           (call->rule->handler == HANDLER_RECEIVE_MESSAGES ? LENGTHS_SIZE : 0);
}

static uint64_t messages_of(const struct call *call) {
    return call->rule->handler == HANDLER_RECEIVE_MESSAGES ? (uint32_t)call->arguments[2] : 1;
}

/* The header of a message in the program, and the size of what it points to. Returns 0 if it is
 * not to be written aside. */
static int header_of(const struct call *call, uint64_t index, struct header *header,
                     uint64_t *size) {
    uint64_t place = call->arguments[1] + index * stride_of(call);
    if (program_copy(header, (const void *)place, sizeof *header)) {
        return 0;
    }
    uint64_t bytes = vector_bytes(header->vectors, header->vector_count);
    if (!bytes || header->name_length > ROOM_MAX || header->control_length > ROOM_MAX) {
        return 0;
    }
    *size = rounded(header->name_length) + rounded(header->control_length) +
            rounded(header->vector_count * sizeof(struct vector) + bytes);
    return 1;
}

static uint64_t messages_size(const struct call *call) {
    uint64_t count = messages_of(call);
    uint64_t sum = rounded(count * stride_of(call));
    for (uint64_t i = 0; i < count && sum <= ROOM_MAX; i++) {
        struct header header;
        uint64_t size;
        if (count > MESSAGES_MAX || !header_of(call, i, &header, &size)) {
            return 0;
        }
        sum += size;
    }
    return sum;
}

/* Returns 0 if that is more than before, as another thread has changed the headers. */
static int messages_begin(const struct call *call, const struct aside *aside) {
    uint64_t headers = aside->place[1];
    uint64_t next = headers + rounded(messages_of(call) * stride_of(call));
    uint64_t end = headers + aside->size[1];
    if (program_copy((void *)headers, (const void *)call->arguments[1],
                     messages_of(call) * stride_of(call))) {
        return 0;
    }
    for (uint64_t i = 0; i < messages_of(call); i++) {
        struct header *header = (struct header *)(headers + i * stride_of(call));
        struct header own;
        uint64_t size;
        if (!header_of(call, i, &own, &size) || size > end - next) {
            return 0;
        }
        uint64_t vectors = next;
        next = rounded(vectors_begin(vectors, end, own.vectors, own.vector_count));
        if (!next || rounded(own.name_length) + rounded(own.control_length) > end - next) {
            return 0;
        }
        own.vectors = vectors;
        own.name = own.name ? next : 0;
        next += rounded(own.name_length);
        own.control = own.control ? next : 0;
        next += rounded(own.control_length);
        copy(header, &own, sizeof own);
    }
    return 1;
}

static void message_end(const struct call *call, uint64_t index, const struct header *aside) {
    uint64_t place = call->arguments[1] + index * stride_of(call);
    uint32_t received = (uint32_t)call->result;
    struct header header;
    if (program_copy(&header, (const void *)place, sizeof header)) {
        return;
    }
    if (call->rule->handler == HANDLER_RECEIVE_MESSAGES) {
        copy(&received, aside + 1, sizeof received);
        program_copy((void *)(place + sizeof header), &received, sizeof received);
    }
    /* With MSG_TRUNC it may be more than there is room for. */
    const struct vector *vectors = (const struct vector *)aside->vectors;
    scatter(header.vectors, aside->vector_count, (const char *)(vectors + aside->vector_count),
            received);
    if (header.name) {
        uint64_t name =
            header.name_length < aside->name_length ? header.name_length : aside->name_length;
        program_copy((void *)header.name, (const void *)aside->name, name);
    }
    if (header.control) {
        program_copy((void *)header.control, (const void *)aside->control, aside->control_length);
    }
    header.name_length = aside->name_length;
    header.control_length = aside->control_length;
    header.flags = aside->flags;
    program_copy((void *)place, &header, sizeof header);
}

static void messages_end(const struct call *call, const struct aside *aside) {
    uint64_t count = call->rule->handler == HANDLER_RECEIVE_MESSAGES ? (uint64_t)call->result : 1;
    for (uint64_t i = 0; i < count; i++) {
        message_end(call, i, (const struct header *)(aside->place[1] + i * stride_of(call)));
    }
}

/* Regular arguments. */

static int is_messages(const struct call *call, int index) {
    return index == 1 && (call->rule->handler == HANDLER_RECEIVE_MESSAGE ||
                          call->rule->handler == HANDLER_RECEIVE_MESSAGES);
}

/* How many bytes of an argument may be written, 0: none, or not aside. */
static uint64_t size_of(struct call *call, int index) {
    const struct argument_rule *rule = &call->rule->arguments[index];
    uint64_t place = call->arguments[index];
    if (!place) {
        return 0;
    }
    if (is_messages(call, index)) {
        return messages_size(call);
    }
    if (rule->direction != DIRECTION_OUT && rule->direction != DIRECTION_IN_OUT) {
        return 0;
    }
    if (rule->kind == KIND_VECTOR) {
        uint64_t bytes = vector_bytes(place, call->arguments[rule->operand]);
        return bytes ? bytes + call->arguments[rule->operand] * sizeof(struct vector) : 0;
    }
    return program_probe((const void *)place) ? 0 : walk_capacity(call, index);
}

/* Whether it is known after the call how much the kernel has written; else all is copied. */
static int is_measured(const struct argument_rule *rule) {
    return rule->length == LENGTH_RESULT || rule->length == LENGTH_POINTED ||
           rule->length == LENGTH_MESSAGE;
}

static int argument_begin(struct call *call, struct aside *aside, int index) {
    const struct argument_rule *rule = &call->rule->arguments[index];
    if (is_messages(call, index)) {
        return messages_begin(call, aside);
    }
    if (rule->kind == KIND_VECTOR) {
        return vectors_begin(aside->place[index], aside->place[index] + aside->size[index],
                             call->arguments[index], call->arguments[rule->operand]) != 0;
    }
    return is_measured(rule) ||
           !program_copy((void *)aside->place[index], (const void *)call->arguments[index],
                         aside->size[index]);
}

/* Leader, in the turn that it is about to give up: make room for what the call may write. */
void aside_begin(struct call *call, struct aside *aside) {
    uint64_t sum = 0;
    for (int index = 0; index < call->rule->count; index++) {
        aside->size[index] = size_of(call, index);
        if (aside->size[index] > ROOM_MAX) {
            aside->size[index] = 0;
        }
        sum += rounded(aside->size[index]);
    }
    char *space = sum ? lane_space(call->task, sum) : NULL;
    if (!space) {
        return;
    }
    for (int index = 0; index < call->rule->count; index++) {
        aside->place[index] = (uint64_t)space;
        if (aside->size[index] && !argument_begin(call, aside, index)) {
            aside->size[index] = 0;
        }
        space += rounded(aside->size[index]);
    }
    call->aside = aside;
}

/* The arguments with which the call is made. */
void aside_use(const struct call *call, uint64_t *arguments) {
    const struct aside *aside = call->aside;
    for (int index = 0; index < call->rule->count; index++) {
        arguments[index] = aside->size[index] ? aside->place[index] : arguments[index];
    }
}

/* Of each descriptor only what was found is written. */
static void found_end(const struct call *call, const struct aside *aside) {
    struct pollfd *program = (struct pollfd *)call->arguments[0];
    const struct pollfd *own = (const struct pollfd *)aside->place[0];
    for (uint64_t i = 0; i < aside->size[0] / sizeof *own; i++) {
        program_copy(&program[i].revents, &own[i].revents, sizeof own->revents);
    }
}

static uint64_t written(const struct call *call, const struct aside *aside, int index) {
    const struct argument_rule *rule = &call->rule->arguments[index];
    uint64_t size = aside->size[index];
    uint64_t count = size;
    uint64_t place;
    uint32_t pointed;
    switch (rule->length) {
    case LENGTH_RESULT:
        count = (uint64_t)call->result * rule->size;
        break;
    case LENGTH_MESSAGE:
        count = sizeof(uint64_t) + (uint64_t)call->result;
        break;
    case LENGTH_POINTED:
        place = aside->size[rule->operand] ? aside->place[rule->operand]
                                           : call->arguments[rule->operand];
        count = program_copy(&pointed, (const void *)place, sizeof pointed) ? 0 : pointed;
        break;
    }
    return count < size ? count : size;
}

/* Leader: the turn is back. */
void aside_end(struct call *call) {
    const struct aside *aside = call->aside;
    int failed = is_error(call->result);
    long faults = 0;
    for (int index = 0; index < call->rule->count; index++) {
        const struct argument_rule *rule = &call->rule->arguments[index];
        void *place = (void *)call->arguments[index];
        const void *own = (const void *)aside->place[index];
        if (!aside->size[index] || (failed && (is_measured(rule) || rule->kind == KIND_VECTOR ||
                                               !(call->rule->flags & FLAG_OUT_ON_ERROR)))) {
            continue;
        }
        if (is_messages(call, index)) {
            messages_end(call, aside);
        } else if (call->number == __NR_poll || (call->number == __NR_ppoll && !index)) {
            found_end(call, aside);
        } else if (rule->kind == KIND_VECTOR) {
            uint64_t count = call->arguments[rule->operand];
            own = (const struct vector *)own + count;
            faults |= scatter(call->arguments[index], count, own, (uint64_t)call->result);
        } else {
            faults |= program_copy(place, own, written(call, aside, index));
        }
    }
    if (faults && !failed) {
        call->result = -EFAULT;
    }
}
