/*
 * Atomic instructions of the program (atomics.py), done here: the leader does one at a time on
 * objects of a bucket, and says when; followers do the same at that time.
 *
 * A plain load before a compare-and-exchange may see another value in a follower than in the
 * leader, since loads are not ordered. So an exchange that fails in one variant only is not a
 * difference: it is repeated, or left out, until the program comes to the one that succeeded in the
 * leader. An exchange that changed nothing in the leader changes nothing in followers.
 */
#include "generated/hooks.h"

#include "order.h"

enum {
    ARITHMETIC_FLAGS = 0x8d5,
    ZERO_FLAG = 0x40,
    INTERRUPT_FLAG = 0x202,
    SITE_ENTRY = 2 /* as for a call: the supervisor puts a task back two bytes before its rip */
};

_Static_assert(sizeof(struct atomic) * ATOMICS_MAX == sizeof((struct order *)0)->sites, "atomics");

/* An instruction, taken apart. */
struct operation {
    const struct atomic *site;
    struct frame *frame;
    uint64_t address;
    uint64_t *other; /* the operand that is a register, or a copy of the immediate one */
    uint64_t immediate;
    uint8_t code, size, width;
};

/* Registers of the frame in the order of their numbers in instructions. */
static uint64_t *register_of(struct frame *frame, uint32_t number) {
    uint64_t *const registers[] = {
        &frame->rax, &frame->rcx, &frame->rdx, &frame->rbx, &frame->rsp, &frame->rbp,
        &frame->rsi, &frame->rdi, &frame->r8,  &frame->r9,  &frame->r10, &frame->r11,
        &frame->r12, &frame->r13, &frame->r14, &frame->r15,
    };
    return registers[number & 15];
}

static void take_apart(struct operation *operation, const struct atomic *site,
                       struct frame *frame) {
    uint32_t other = site->registers & 0xff;
    uint32_t base = site->registers >> 8 & 0xff;
    uint32_t index = site->registers >> 16 & 0xff;
    uint64_t address = (uint64_t)(int64_t)(int32_t)site->displacement;
    if (base == ATOMIC_RIP) {
        address += site->next;
    } else if (base != ATOMIC_NONE) {
        address += *register_of(frame, base);
    }
    if (index != ATOMIC_NONE) {
        address += *register_of(frame, index) * (site->registers >> 24);
    }
    operation->site = site;
    operation->frame = frame;
    operation->address = address;
    operation->immediate = site->immediate;
    operation->other = other == ATOMIC_NONE ? &operation->immediate : register_of(frame, other);
    operation->code = site->kind & 0xff;
    operation->size = site->kind >> 8 & 0xff;
    operation->width = site->kind >> 24;
}

static uint64_t truncated(uint64_t value, uint8_t size) {
    return size < 8 ? value & ((1UL << (8 * size)) - 1) : value;
}

static uint64_t loaded(const struct operation *operation) {
    const void *place = (const void *)operation->address;
    switch (operation->size) {
    case 1:
        return *(const volatile uint8_t *)place;
    case 2:
        return *(const volatile uint16_t *)place;
    case 4:
        return *(const volatile uint32_t *)place;
    default:
        return *(const volatile uint64_t *)place;
    }
}

/* Whether a compare-and-exchange would find what it expects. */
static int would_exchange(const struct operation *operation) {
    if (operation->code == ATOMIC_CMPXCHG16) {
        const volatile uint64_t *words = (const uint64_t *)operation->address;
        return words[0] == operation->frame->rax && words[1] == operation->frame->rdx;
    }
    return loaded(operation) == truncated(operation->frame->rax, operation->size);
}

static void store(const struct operation *operation, uint64_t value) {
    void *place = (void *)operation->address;
    switch (operation->size) {
    case 1:
        *(volatile uint8_t *)place = (uint8_t)value;
        break;
    case 2:
        *(volatile uint16_t *)place = (uint16_t)value;
        break;
    case 4:
        *(volatile uint32_t *)place = (uint32_t)value;
        break;
    default:
        *(volatile uint64_t *)place = value;
    }
}

static uint64_t extended(uint64_t value, uint8_t size) {
    uint32_t shift = 64 - 8 * (uint32_t)size;
    return (uint64_t)((int64_t)(value << shift) >> shift);
}

/* A 32-bit result clears the upper half of its register; shorter ones leave the rest. */
static void give(uint64_t *to, uint64_t value, uint8_t size) {
    if (size < 4) {
        uint64_t mask = (1UL << (8 * size)) - 1;
        *to = (*to & ~mask) | (value & mask);
    } else {
        *to = truncated(value, size);
    }
}

#define FLAGS(instruction) "push %[flags]; popfq; lock " instruction "; pushfq; pop %[flags]"

#define BINARY(name, type, suffix)                                                                 \
    __asm__ volatile(FLAGS(name suffix " %[other], %[memory]")                                     \
                     : [flags] "+r"(flags), [memory] "+m"(*(type *)place)                          \
                     : [other] "r"((type)value)                                                    \
                     : "memory", "cc")

#define UNARY(name, type, suffix)                                                                  \
    __asm__ volatile(FLAGS(name suffix " %[memory]")                                               \
                     : [flags] "+r"(flags), [memory] "+m"(*(type *)place)                          \
                     :                                                                             \
                     : "memory", "cc")

#define BY_SIZE(form, name)                                                                        \
    switch (operation->size) {                                                                     \
    case 1:                                                                                        \
        form(name, uint8_t, "b");                                                                  \
        break;                                                                                     \
    case 2:                                                                                        \
        form(name, uint16_t, "w");                                                                 \
        break;                                                                                     \
    case 4:                                                                                        \
        form(name, uint32_t, "l");                                                                 \
        break;                                                                                     \
    default:                                                                                       \
        form(name, uint64_t, "q");                                                                 \
    }                                                                                              \
    break

/* xadd and xchg give back the old value. */
#define EXCHANGE(name, type, suffix)                                                               \
    do {                                                                                           \
        type swapped = (type)value;                                                                \
        __asm__ volatile(                                                                          \
            FLAGS(name suffix " %[other], %[memory]")                                              \
            : [flags] "+r"(flags), [memory] "+m"(*(type *)place), [other] "+r"(swapped)            \
            :                                                                                      \
            : "memory", "cc");                                                                     \
        value = swapped;                                                                           \
    } while (0)

#define COMPARE(name, type, suffix)                                                                \
    do {                                                                                           \
        type expected = (type)operation->frame->rax;                                               \
        __asm__ volatile(FLAGS(name suffix " %[other], %[memory]")                                 \
                         : [flags] "+r"(flags), [memory] "+m"(*(type *)place), "+a"(expected)      \
                         : [other] "r"((type)value)                                                \
                         : "memory", "cc");                                                        \
        old = expected;                                                                            \
    } while (0)

#define COMPARED(name, type, suffix)                                                               \
    __asm__ volatile("push %[flags]; popfq; " name suffix                                          \
                     " %[other], %[memory]; pushfq; "                                              \
                     "pop %[flags]"                                                                \
                     : [flags] "+r"(flags)                                                         \
                     : [memory] "m"(*(type *)place), [other] "r"((type)value)                      \
                     : "memory", "cc")

#define COMPARED_WITH(name, type, suffix)                                                          \
    __asm__ volatile("push %[flags]; popfq; " name suffix                                          \
                     " %[memory], %[other]; pushfq; "                                              \
                     "pop %[flags]"                                                                \
                     : [flags] "+r"(flags)                                                         \
                     : [memory] "m"(*(type *)place), [other] "r"((type)value)                      \
                     : "memory", "cc")

/* No bit instruction for a byte. */
#define BIT(name)                                                                                  \
    switch (operation->size) {                                                                     \
    case 2:                                                                                        \
        BINARY(name, uint16_t, "w");                                                               \
        break;                                                                                     \
    case 4:                                                                                        \
        BINARY(name, uint32_t, "l");                                                               \
        break;                                                                                     \
    default:                                                                                       \
        BINARY(name, uint64_t, "q");                                                               \
    }                                                                                              \
    break

/* Do the instruction as the processor would, on the program's registers and flags. */
static void perform(const struct operation *operation) {
    struct frame *frame = operation->frame;
    void *place = (void *)operation->address;
    uint64_t flags = (frame->eflags & ARITHMETIC_FLAGS) | INTERRUPT_FLAG;
    uint64_t value = *operation->other;
    uint64_t old = 0;
    switch (operation->code) {
    case ATOMIC_ADD:
        BY_SIZE(BINARY, "add");
    case ATOMIC_OR:
        BY_SIZE(BINARY, "or");
    case ATOMIC_ADC:
        BY_SIZE(BINARY, "adc");
    case ATOMIC_SBB:
        BY_SIZE(BINARY, "sbb");
    case ATOMIC_AND:
        BY_SIZE(BINARY, "and");
    case ATOMIC_SUB:
        BY_SIZE(BINARY, "sub");
    case ATOMIC_XOR:
        BY_SIZE(BINARY, "xor");
    case ATOMIC_INC:
        BY_SIZE(UNARY, "inc");
    case ATOMIC_DEC:
        BY_SIZE(UNARY, "dec");
    case ATOMIC_NOT:
        BY_SIZE(UNARY, "not");
    case ATOMIC_NEG:
        BY_SIZE(UNARY, "neg");
    case ATOMIC_XADD:
        BY_SIZE(EXCHANGE, "xadd");
    case ATOMIC_XCHG:
        BY_SIZE(EXCHANGE, "xchg");
    case ATOMIC_CMPXCHG:
        BY_SIZE(COMPARE, "cmpxchg");
    case ATOMIC_CMPXCHG16:
        __asm__ volatile(FLAGS("cmpxchg16b %[memory]")
                         : [flags] "+r"(flags), [memory] "+m"(*(unsigned __int128 *)place),
                           "+a"(frame->rax), "+d"(frame->rdx)
                         : "b"(frame->rbx), "c"(frame->rcx)
                         : "memory", "cc");
        break;
    case ATOMIC_LOAD:
        give(operation->other, loaded(operation), operation->size);
        return;
    case ATOMIC_LOAD_ZEROS:
        give(operation->other, loaded(operation), operation->width);
        return;
    case ATOMIC_LOAD_SIGN:
        give(operation->other, extended(loaded(operation), operation->size), operation->width);
        return;
    case ATOMIC_STORE:
        store(operation, value);
        return;
    case ATOMIC_CMP:
        BY_SIZE(COMPARED, "cmp");
    case ATOMIC_CMP_WITH:
        BY_SIZE(COMPARED_WITH, "cmp");
    case ATOMIC_TEST:
        BY_SIZE(COMPARED, "test");
    case ATOMIC_BTS:
        BIT("bts");
    case ATOMIC_BTR:
        BIT("btr");
    case ATOMIC_BTC:
        BIT("btc");
    }
    frame->eflags = (frame->eflags & ~(uint64_t)ARITHMETIC_FLAGS) | (flags & ARITHMETIC_FLAGS);
    if (operation->code == ATOMIC_XADD || operation->code == ATOMIC_XCHG) {
        give(operation->other, value, operation->size);
    }
    if (operation->code == ATOMIC_CMPXCHG && !(flags & ZERO_FLAG)) {
        give(&frame->rax, old, operation->size);
    }
}

static int compares(const struct operation *operation) {
    return operation->code == ATOMIC_CMPXCHG || operation->code == ATOMIC_CMPXCHG16;
}

/* Whether an exchange would change the word, or any other instruction. */
static int would_change(const struct operation *operation) {
    return operation->code != ATOMIC_XCHG ||
           loaded(operation) != truncated(*operation->other, operation->size);
}

static void lead(struct task *task, const struct operation *operation) {
    uint32_t number = order_bucket(operation->address & ~7UL);
    uint32_t *word = &bucket_at(number)->moment;
    order_lock(task, word);
    uint64_t time = order_next(number);
    int changes = compares(operation) ? would_exchange(operation) : would_change(operation);
    perform(operation);
    lock_give(word);
    order_tell(task, operation->site->identifier, number, time, changes, 0);
}

static void follow(struct task *task, const struct operation *operation) {
    for (;;) {
        struct message message = order_see(operation->frame, task, operation->site->identifier);
        uint32_t number = (uint32_t)message.arguments[1];
        uint64_t time = message.arguments[2];
        order_await(task, number, time);
        int changed = message.result != 0;
        if (compares(operation)) {
            int changes = would_exchange(operation);
            if (changed && !changes) {
                perform(operation); /* it fails, and the program tries again */
                return;
            }
            if (changes && !changed) {
                order_taken(task); /* it has seen by now what the leader's next one will find */
                order_move_on(number, time);
                continue;
            }
        }
        order_taken(task);
        if (changed || compares(operation) || operation->code != ATOMIC_XCHG) {
            perform(operation);
        }
        order_move_on(number, time);
        return;
    }
}

/* From enter_atomic. The frame is that of a call before it was made, so that the supervisor can put
 * the task back there. */
__attribute__((used)) void agent_atomic(struct frame *frame, struct task *task) {
    const struct atomic *site = (const struct atomic *)order()->sites + task->atomic;
    struct operation operation;
    take_apart(&operation, site, frame);
    task->number = NUMBER_ORDER;
    task->return_address = site->next;
    frame->rip = site->next - (site->kind >> 16 & 0xff) + SITE_ENTRY;
    frame->orig_rax = frame->rax;
    if (!task->parallel) {
        perform(&operation);
        return;
    }
    if (is_leader(task)) {
        order_take_signals(task);
        lead(task, &operation);
    } else {
        follow(task, &operation);
    }
}
