/*
 * The regular treatment of arguments, from the generated rules: which bytes behind which pointer
 * are compared before the call and copied after it.
 */
#include <asm/unistd_64.h>
#include <linux/netlink.h>

#include "agent.h"
#include "generated/rules.h"

enum {
    EINTR = 4,
    STRUCTURE_MAX = 512,
    STRING_MAX = 1 << 20,
    STRINGS_MAX = 1 << 20,
    TRANSFER_MAX = 0x7ffff000,
    VECTORS_MAX = 1024
};
enum {
    FAMILY_UNIX = 1,
    FAMILY_INET = 2,
    FAMILY_INET6 = 10,
    FAMILY_NETLINK = 16,
    INET_LENGTH = 8,
    INET6_LENGTH = 28
};

/* Keep the fields of the layout, zero every other byte, and turn addresses into NULL, 1 or 2
 * (SIG_IGN counts as 1). */
static void normalise(char *structure, const struct layout_field *field, size_t count) {
    char kept[STRUCTURE_MAX];
    zero(kept, count);
    for (; field->size; field++) {
        if (!field->address) {
            copy(kept + field->offset, structure + field->offset, field->size);
            continue;
        }
        uint64_t address;
        copy(&address, structure + field->offset, sizeof address);
        address = address > 1 ? 2 : address;
        copy(kept + field->offset, &address, sizeof address);
    }
    copy(structure, kept, count);
}

/* The argument that a length speaks of: the kernel looks at 32 bits of an `int`, and moves at most
 * TRANSFER_MAX bytes. */
static uint64_t operand_of(const struct call *call, const struct argument_rule *rule) {
    uint64_t operand = call->arguments[rule->operand];
    if (call->rule->arguments[rule->operand].kind == KIND_INT) {
        return (uint32_t)operand;
    }
    return operand < TRANSFER_MAX ? operand : TRANSFER_MAX;
}

/* The number of bytes of a buffer before the call (inputs) or its capacity (outputs). */
static uint64_t capacity_of(struct call *call, const struct argument_rule *rule, int index) {
    uint64_t operand = operand_of(call, rule);
    if (rule_is_beyond(rule, operand)) {
        return 0;
    }
    switch (rule->length) {
    case LENGTH_FIXED:
    case LENGTH_EXACT:
        return rule->size;
    case LENGTH_ARGUMENT:
    case LENGTH_RESULT:
        return operand * rule->size;
    case LENGTH_BITS:
        return ((uint32_t)operand + 63) / 64 * 8;
    case LENGTH_POINTED:
        return call->capacity[index];
    case LENGTH_MESSAGE:
        return sizeof(uint64_t) + operand;
    case LENGTH_PAGES:
        return (operand + PAGE - 1) / PAGE;
    }
    return 0;
}

/* How many bytes a buffer holds that the kernel may write. */
uint64_t walk_capacity(struct call *call, int index) {
    return capacity_of(call, &call->rule->arguments[index], index);
}

/* A structure array with a layout is compared element by element, in pieces that fit the agent's
 * stack. */
static void input_structures(struct call *call, int index, const struct argument_rule *rule,
                             const char *bytes, uint64_t count) {
    const struct layout_field *fields = &layouts[layout_start[rule->layout]];
    char structure[STRUCTURE_MAX];
    for (uint64_t offset = 0; offset + rule->size <= count; offset += rule->size) {
        if (rule->size > STRUCTURE_MAX || program_copy(structure, bytes + offset, rule->size)) {
            if (!block_input(call, index, bytes + offset, rule->size)) {
                return; /* the kernel stops here, too */
            }
            continue;
        }
        normalise(structure, fields, rule->size);
        block_input(call, index, structure, rule->size);
    }
}

/* The bytes of a socket address that the kernel looks at: no sin_zero, nothing after the zero that
 * ends a sun_path. */
static uint32_t address_length(const char *address, uint32_t count) {
    uint16_t family;
    if (count < sizeof family || program_copy(&family, address, sizeof family)) {
        return count;
    }
    uint32_t length = count;
    if (family == FAMILY_INET) {
        length = INET_LENGTH;
    } else if (family == FAMILY_INET6) {
        length = INET6_LENGTH;
    } else if (family == FAMILY_UNIX && count > sizeof family) {
        long path = program_length(address + sizeof family, count - sizeof family);
        length = path > 0 ? (uint32_t)(sizeof family + (size_t)path + 1) : count;
    }
    return length < count ? length : count;
}

/* A socket address that the kernel reads; returns as block_input does. */
int address_input(struct call *call, int index, const char *address, uint32_t count) {
    struct sockaddr_nl netlink;
    uint32_t length = address ? address_length(address, count) : 0;
    if (length == sizeof netlink && !program_copy(&netlink, address, sizeof netlink) &&
        netlink.nl_family == FAMILY_NETLINK) {
        netlink.nl_pad = 0; /* nobody looks at it, and callers leave anything there */
        return block_input(call, index, &netlink, length);
    }
    return block_input(call, index, address, length);
}

static void input_strings(struct call *call, int index, const uint64_t *strings) {
    for (int entry = 0; entry < STRINGS_MAX; entry++) {
        uint64_t string = 0;
        if (program_copy(&string, strings + entry, sizeof string) || !string) {
            block_input(call, index, NULL, 0);
            return;
        }
        long length = program_length((const char *)string, STRING_MAX);
        block_input(call, index, (const void *)string, length < 0 ? 1 : (uint32_t)length);
    }
}

struct vector {
    uint64_t base, length;
};

/* Compare or scatter the buffers of an iovec array; bytes: how many in all (outputs), -1: all of
 * them (inputs). */
static void walk_vector(struct call *call, int index, const struct vector *vectors, uint64_t count,
                        int64_t bytes) {
    if (count > VECTORS_MAX) {
        return; /* the kernel does not look at any */
    }
    for (uint64_t entry = 0; entry < count; entry++) {
        struct vector vector;
        if (program_copy(&vector, vectors + entry, sizeof vector)) {
            return;
        }
        if (bytes < 0) {
            if (!block_input(call, index,
                             vector.length ? (const void *)vector.base : (const void *)call,
                             (uint32_t)vector.length)) {
                return; /* the kernel does not look at what follows */
            }
            continue;
        }
        uint64_t part = (uint64_t)bytes < vector.length ? (uint64_t)bytes : vector.length;
        block_output(call, (void *)vector.base, (uint32_t)part, (uint32_t)vector.length);
        bytes -= (int64_t)part;
        if (!bytes) {
            return;
        }
    }
}

static int last_path(const struct call_rule *rule) {
    int last = -1;
    for (int index = 0; index < rule->count; index++) {
        last = rule->arguments[index].kind == KIND_PATH ? index : last;
    }
    return last;
}

void walk_input(struct call *call, int index) {
    const struct argument_rule *rule = &call->rule->arguments[index];
    const char *bytes = (const char *)call->arguments[index];
    if (rule->kind == KIND_BYTES && rule->length == LENGTH_POINTED) {
        uint32_t capacity = 0;
        const void *pointed = (const void *)call->arguments[rule->operand];
        if (!pointed || program_copy(&capacity, pointed, sizeof capacity)) {
            capacity = 0;
        }
        call->capacity[index] = capacity;
    }
    if (rule->direction != DIRECTION_IN && rule->direction != DIRECTION_IN_OUT) {
        return;
    }
    switch (rule->kind) {
    case KIND_PATH: {
        long length = bytes ? program_length(bytes, STRING_MAX) : 0;
        if (call->flags & FLAG_NEW_NAME && index == last_path(call->rule) && length > 0 &&
            length < NAME_SIZE) {
            block_name(call, index, (char *)call->arguments[index], (uint32_t)length);
        } else {
            block_input(call, index, bytes, length < 0 ? 1 : (uint32_t)length);
        }
        return;
    }
    case KIND_BYTES: {
        uint64_t count = capacity_of(call, rule, index);
        if (rule->layout && bytes) {
            input_structures(call, index, rule, bytes, count);
        } else {
            block_input(call, index, count ? bytes : NULL, (uint32_t)count);
        }
        return;
    }
    case KIND_SOCKET_ADDRESS:
        address_input(call, index, bytes, (uint32_t)capacity_of(call, rule, index));
        return;
    case KIND_VECTOR:
        walk_vector(call, index, (const struct vector *)bytes, capacity_of(call, rule, index), -1);
        return;
    case KIND_STRINGS:
        input_strings(call, index, (const uint64_t *)bytes);
        return;
    }
}

void walk_output(struct call *call, int index) {
    const struct argument_rule *rule = &call->rule->arguments[index];
    char *bytes = (char *)call->arguments[index];
    if ((rule->direction != DIRECTION_OUT && rule->direction != DIRECTION_IN_OUT) || !bytes) {
        return;
    }
    if (rule->kind == KIND_VECTOR) {
        walk_vector(call, index, (const struct vector *)bytes, operand_of(call, rule),
                    call->result > 0 ? call->result : 0);
        return;
    }
    if (is_error(call->result) && call->result != -EINTR && rule->length != LENGTH_FIXED) {
        return; /* of a refused call the array may not even exist */
    }
    uint64_t capacity = capacity_of(call, rule, index);
    uint64_t count = capacity;
    if (rule->length == LENGTH_RESULT) {
        count = (uint64_t)call->result * rule->size;
        if (count > capacity && call->number == __NR_keyctl) {
            count = 0; /* keyctl_read(3): of a key that does not fit nothing is written */
        }
        count = count < capacity ? count : capacity;
    } else if (rule->length == LENGTH_MESSAGE) {
        count = sizeof(uint64_t) + (uint64_t)call->result;
        count = count < capacity ? count : capacity;
    } else if (rule->length == LENGTH_POINTED && is_leader(call->task)) {
        uint32_t after = 0;
        if (program_copy(&after, (const void *)call->arguments[rule->operand], sizeof after)) {
            after = 0;
        }
        count = after < capacity ? after : capacity;
    }
    block_output(call, bytes, (uint32_t)count, (uint32_t)capacity);
}

/* How long a variant wants to sleep depends on when it looked at the clock: nothing of an elastic
 * call is compared. */
void walk_inputs(struct call *call) {
    if (call->rule->elastic) {
        return;
    }
    for (int index = 0; index < call->rule->count; index++) {
        walk_input(call, index);
    }
}

/* Outputs are copied on success, and on an error only where the kernel writes then too (nanosleep's
 * remainder). */
void walk_outputs(struct call *call) {
    if (is_error(call->result) && !(call->rule->flags & FLAG_OUT_ON_ERROR)) {
        return;
    }
    for (int index = 0; index < call->rule->count; index++) {
        walk_output(call, index);
    }
}

/* Without a mask the kernel does not look at its size (set_user_sigmask in kernel/signal.c), and
 * callers leave anything there (Go's runtime an address of its stack). */
void walk_forget_ignored(struct call *call) {
    int is_wait = call->number == __NR_ppoll || call->number == __NR_epoll_pwait ||
                  call->number == __NR_epoll_pwait2;
    int size = call->rule->count - 1;
    if (is_wait && !call->arguments[size - 1]) {
        call->arguments[size] = 0;
    }
}

static int sign(int32_t value) {
    return (value > 0) - (value < 0);
}

/* Compare the arguments' values; the bytes behind them come as blocks. Returns the first that
 * differs, or -1. */
int walk_compare_values(const struct call *call, const uint64_t *leader) {
    for (int index = 0; index < call->rule->count; index++) {
        uint64_t own = call->arguments[index];
        uint64_t other = leader[index];
        int equal = 1;
        if (call->pardoned >> index & 1) {
            continue;
        }
        switch (call->rule->arguments[index].kind) {
        case KIND_INT:
        case KIND_DESCRIPTOR:
            equal = (uint32_t)own == (uint32_t)other;
            break;
        case KIND_LONG:
            equal = own == other;
            break;
        case KIND_TIMEOUT:
            equal = sign((int32_t)own) == sign((int32_t)other);
            break;
        case KIND_UNUSED:
        case KIND_OPAQUE:
            break;
        default: /* every kind of pointer */
            equal = !own == !other;
        }
        if (!equal) {
            return index;
        }
    }
    return -1;
}
