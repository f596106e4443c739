/*
 * The functions of the C library at which parallel threads synchronise (hooks.py): the library's
 * symbols lead to hook_stubs, which come here before the function and, by the return address, after
 * it. What happens inside of them is not compared: leader and followers may take different paths
 * there, and their futexes are each variant's own.
 */
#include "generated/hooks.h"

#include "order.h"

enum {
    EOWNERDEAD = 130,
    STUB_SIZE = 16,
    SYSCALL_SIZE = 64, /* no function that makes any call is longer */
    STUB_ENTRY = 2     /* the supervisor puts a task back two bytes before its rip, as for a call */
};

_Static_assert(FUNCTIONS_COUNT <= sizeof((struct order *)0)->functions / 8, "room for functions");
_Static_assert(HOOKED_OFFSET + sizeof(struct hooked) <= 0x1000, "below other scratch memory");

/* What is done with a hooked function when it returns. */
enum stage {
    STAGE_DONE,
    STAGE_FAILED, /* it returned -1: ask why */
    STAGE_GIVES,  /* follower: the mutex was given free */
    STAGE_WAITS,  /* follower: what is left is to wait; a signal may come */
    STAGE_TAKES   /* follower: the mutex is taken again */
};

/* A section that the task is in: nobody else is at the object. */
struct section {
    uint64_t key;
    uint64_t time;
    uint32_t bucket;
    uint32_t depth; /* how often it has entered, 0: it is not in it */
};

/* A hooked function that has not returned. */
struct hooked_call {
    uint64_t place;   /* of its return address */
    uint64_t address; /* where it returns to */
    uint32_t hook;
    uint32_t stage;
    uint64_t arguments[2];
    uint64_t result; /* followers: the leader's */
    uint64_t time;
    uint64_t error; /* its error number */
    uint32_t bucket;
    uint32_t reserved[3];
};

_Static_assert(sizeof(struct hooked_call) * HOOKED_MAX == sizeof((struct hooked *)0)->calls,
               "struct hooked_call");

extern const char hook_stubs[];
void hook_return(void);

static struct hooked *hooked_of(struct task *task) {
    return (struct hooked *)((char *)task + HOOKED_OFFSET);
}

static struct hooked_call *innermost(struct task *task) {
    struct hooked *hooked = hooked_of(task);
    return hooked->depth ? (struct hooked_call *)hooked->calls + hooked->depth - 1 : NULL;
}

static uint64_t argument(const struct frame *frame, uint32_t index) {
    const uint64_t arguments[ARGUMENTS_MAX] = {frame->rdi, frame->rsi, frame->rdx,
                                               frame->rcx, frame->r8,  frame->r9};
    return arguments[index];
}

static uint64_t key_of(const struct hook_rule *rule, const struct frame *frame) {
    return rule->key < OBJECT_ARGUMENTS ? argument(frame, rule->key)
                                        : order()->objects[rule->key - OBJECT_ARGUMENTS];
}

/* Come back when the function returns to its caller. */
static struct hooked_call *follow_return(const struct frame *frame, struct task *task,
                                         uint32_t hook, uint32_t stage) {
    hooked_of(task)->depth++;
    struct hooked_call *one = innermost(task);
    uint64_t *place = (uint64_t *)frame->rsp;
    *one = (struct hooked_call){.place = frame->rsp,
                                .address = *place,
                                .hook = hook,
                                .stage = stage,
                                .arguments = {frame->rdi, frame->rsi}};
    *place = (uint64_t)hook_return;
    return one;
}

/* Make the program call a function at a place at which one has returned. */
static void call_again(struct frame *frame, struct task *task, const struct hooked_call *one,
                       uint32_t function) {
    frame->rsp = one->place;
    *(uint64_t *)one->place = (uint64_t)hook_return;
    task->return_address = order()->functions[function];
}

static int has_it(int64_t result) {
    return (int32_t)result == 0 || (int32_t)result == EOWNERDEAD;
}

static uint32_t section_bucket(uint64_t key) {
    uint32_t number = order_bucket(key) + BUCKETS / 2;
    return number == BUCKET_OF_DESCRIPTORS ? number - 1 : number;
}

static struct section *section_of(struct task *task, uint64_t key) {
    struct section *sections = (struct section *)hooked_of(task)->sections;
    for (int index = 0; index < SECTIONS_MAX; index++) {
        if (sections[index].depth && sections[index].key == key) {
            return sections + index;
        }
    }
    return NULL;
}

static struct section *free_section(struct task *task) {
    struct section *sections = (struct section *)hooked_of(task)->sections;
    for (int index = 0; index < SECTIONS_MAX; index++) {
        if (!sections[index].depth) {
            return sections + index;
        }
    }
    return NULL;
}

/* Leader: whether a section of the task has that bucket: then another one has it, too, without
 * order of its own. */
static int has_bucket(struct task *task, uint32_t number) {
    const struct section *sections = (const struct section *)hooked_of(task)->sections;
    for (int index = 0; index < SECTIONS_MAX; index++) {
        if (sections[index].depth && sections[index].bucket == number &&
            sections[index].time != NO_TIME) {
            return 1;
        }
    }
    return 0;
}

static uint64_t take_section(struct task *task, uint32_t number) {
    if (has_bucket(task, number)) {
        return NO_TIME;
    }
    order_lock(task, &bucket_at(number)->section);
    return order_next(number);
}

/* Returns 0 when the thread is in too many sections already: it goes on without order. */
static int enter(struct frame *frame, struct task *task, uint32_t hook) {
    uint64_t key = key_of(&hook_rules[hook], frame);
    struct section *section = section_of(task, key);
    if (section) {
        section->depth++;
        return 1;
    }
    section = free_section(task);
    if (!section) {
        return 0;
    }
    uint32_t number = section_bucket(key);
    uint64_t time;
    if (is_leader(task)) {
        time = take_section(task, number);
        order_tell(task, hook, number, time, 0, 0);
    } else {
        struct message message = order_hear(frame, task, hook);
        number = (uint32_t)message.arguments[1];
        time = message.arguments[2];
        if (time != NO_TIME) {
            order_await(task, number, time);
        }
    }
    *section = (struct section){key, time, number, 1};
    return 1;
}

static void leave(struct task *task, uint64_t key) {
    struct section *section = section_of(task, key);
    if (!section || --section->depth || section->time == NO_TIME) {
        return;
    }
    if (is_leader(task)) {
        lock_give(&bucket_at(section->bucket)->section);
    } else {
        order_move_on(section->bucket, section->time);
    }
}

static void lead(struct frame *frame, struct task *task, uint32_t hook) {
    const struct hook_rule *rule = &hook_rules[hook];
    uint32_t bucket = order_bucket(key_of(rule, frame));
    if (rule->kind == HOOK_RELEASE || rule->kind == HOOK_MEET) {
        order_tell(task, hook, bucket, order_next(bucket), 0, 0);
    }
    if (rule->kind != HOOK_RELEASE) {
        follow_return(frame, task, hook, STAGE_DONE)->bucket = bucket;
    }
}

/* The leader's function has returned. */
static void led(struct frame *frame, struct task *task, struct hooked_call *one) {
    const struct hook_rule *rule = &hook_rules[one->hook];
    int64_t result = (int32_t)frame->rax;
    uint64_t error = 0;
    if (one->stage == STAGE_FAILED) {
        error = *(const uint32_t *)frame->rax;
        result = -1;
        frame->rax = (uint64_t)result;
    } else if (rule->errors && result == -1) {
        hooked_of(task)->depth++; /* it has not returned to the program */
        one->stage = STAGE_FAILED;
        call_again(frame, task, one, FUNCTION_ERROR);
        return;
    }
    uint64_t time = NO_TIME;
    switch (rule->kind) {
    case HOOK_ACQUIRE:
        time = has_it(result) ? order_next(one->bucket) : NO_TIME;
        break;
    case HOOK_WAIT:
    case HOOK_MEET:
        time = order_next(one->bucket);
        break;
    case HOOK_READ:
        error = *(const uint32_t *)one->arguments[1];
        break;
    default:
        break;
    }
    order_tell(task, one->hook, one->bucket, time, result, error);
}

/* Follower: the place of an operation in the order, as the leader told. */
static void remember(struct hooked_call *one, const struct message *message) {
    one->result = message->result;
    one->bucket = (uint32_t)message->arguments[1];
    one->time = message->arguments[2];
    one->error = message->arguments[3];
}

/* Follower: return to the program at once. */
static void answer(struct frame *frame, struct task *task, uint64_t result) {
    task->return_address = *(const uint64_t *)frame->rsp;
    frame->rsp += sizeof(uint64_t);
    frame->rax = result;
}

/* Follower: the message that the leader's thread sends when it has waited. A signal may come first:
 * then the program calls the function again, and comes to `one` again. */
static void hear_end(struct frame *frame, struct task *task, struct hooked_call *one) {
    frame->rsp = one->place;
    *(uint64_t *)one->place = one->address;
    frame->rdi = one->arguments[0];
    frame->rsi = one->arguments[1];
    frame->rip = (uint64_t)hook_stubs + (uint64_t)one->hook * STUB_SIZE + STUB_ENTRY;
    frame->orig_rax = frame->rax;
    one->stage = STAGE_WAITS;
    struct message message = order_hear(frame, task, one->hook);
    remember(one, &message);
    order_await(task, one->bucket, one->time);
    if (hook_rules[one->hook].kind == HOOK_MEET) {
        order_move_on(one->bucket, one->time);
        hooked_of(task)->depth--;
        answer(frame, task, one->result);
        return;
    }
    one->stage = STAGE_TAKES;
    frame->rdi = one->arguments[1];
    call_again(frame, task, one, hook_rules[one->hook].plain);
}

static void follow_acquire(struct frame *frame, struct task *task, uint32_t hook) {
    const struct hook_rule *rule = &hook_rules[hook];
    struct message message = order_hear(frame, task, hook);
    int64_t result = (int64_t)message.result;
    if (!has_it(result) && !rule->errors) {
        answer(frame, task, message.result);
        return;
    }
    if (has_it(result) && message.arguments[2] != NO_TIME) {
        order_await(task, (uint32_t)message.arguments[1], message.arguments[2]);
    }
    struct hooked_call *one =
        follow_return(frame, task, hook, has_it(result) ? STAGE_DONE : STAGE_FAILED);
    remember(one, &message);
    task->return_address = order()->functions[has_it(result) ? rule->plain : FUNCTION_ERROR];
}

static void follow(struct frame *frame, struct task *task, uint32_t hook) {
    const struct hook_rule *rule = &hook_rules[hook];
    struct hooked_call *one = innermost(task);
    if (one && one->place == frame->rsp && one->hook == hook && one->stage == STAGE_WAITS) {
        hear_end(frame, task, one);
        return;
    }
    struct message message;
    switch (rule->kind) {
    case HOOK_ACQUIRE:
    case HOOK_AWAIT:
        follow_acquire(frame, task, hook);
        break;
    case HOOK_RELEASE:
        message = order_hear(frame, task, hook);
        order_await(task, (uint32_t)message.arguments[1], message.arguments[2]);
        remember(follow_return(frame, task, hook, STAGE_DONE), &message);
        break;
    case HOOK_MEET:
        message = order_hear(frame, task, hook);
        order_await(task, (uint32_t)message.arguments[1], message.arguments[2]);
        order_move_on((uint32_t)message.arguments[1], message.arguments[2]);
        hear_end(frame, task, follow_return(frame, task, hook, STAGE_WAITS));
        break;
    case HOOK_READ:
        message = order_hear(frame, task, hook);
        *(uint32_t *)frame->rsi = (uint32_t)message.arguments[3];
        answer(frame, task, message.result);
        break;
    case HOOK_WAIT:
        follow_return(frame, task, hook, STAGE_GIVES);
        task->return_address = order()->functions[rule->release];
        frame->rdi = frame->rsi;
        break;
    }
}

/* A function that a follower has called returns. */
static void followed(struct frame *frame, struct task *task, struct hooked_call *one) {
    switch (one->stage) {
    case STAGE_GIVES:
        hooked_of(task)->depth++; /* it has not returned to the program */
        hear_end(frame, task, one);
        return;
    case STAGE_FAILED:
        *(uint32_t *)frame->rax = (uint32_t)one->error;
        break;
    default:
        if (one->time != NO_TIME) {
            order_move_on(one->bucket, one->time);
        }
    }
    frame->rax = one->result;
}

/* flockfile and its like: a section that ends with another function. */
static void bracket(struct frame *frame, struct task *task, uint32_t hook) {
    uint64_t key = key_of(&hook_rules[hook], frame);
    uint32_t number = section_bucket(key);
    switch (hook_rules[hook].kind) {
    case HOOK_ENTER:
        enter(frame, task, hook);
        break;
    case HOOK_LEAVE:
        leave(task, key);
        break;
    case HOOK_TRY_ENTER: {
        struct section *section = section_of(task, key);
        if (section) {
            section->depth++;
            return;
        }
        section = free_section(task);
        struct message message = {.arguments = {0, number, NO_TIME}};
        if (!is_leader(task)) {
            message = order_hear(frame, task, hook);
        } else {
            if (section && order_try_lock(task, &bucket_at(number)->section)) {
                message.arguments[2] = order_next(number);
            }
            order_tell(task, hook, number, message.arguments[2], 0, 0);
        }
        if (message.arguments[2] == NO_TIME || !section) {
            answer(frame, task, 1);
            return;
        }
        number = (uint32_t)message.arguments[1];
        if (!is_leader(task)) {
            order_await(task, number, message.arguments[2]);
        }
        *section = (struct section){key, message.arguments[2], number, 1};
    }
    }
}

/* From hook_entry: the program calls a hooked function. The frame is that of a call before it was
 * made, so that the supervisor can put the task back there. */
__attribute__((used)) void agent_hook(struct frame *frame, struct task *task) {
    uint32_t hook = task->hook;
    struct hooked *hooked = hooked_of(task);
    task->number = NUMBER_ORDER;
    task->return_address = order()->functions[hook];
    frame->rip = (uint64_t)hook_stubs + (uint64_t)hook * STUB_SIZE + STUB_ENTRY;
    frame->orig_rax = frame->rax;
    while (hooked->depth == HOOKED_MAX && innermost(task)->place <= frame->rsp) {
        hooked->depth--; /* left by longjmp */
    }
    if (hooked->depth == HOOKED_MAX) {
        return;
    }
    uint8_t kind = hook_rules[hook].kind;
    if (is_leader(task) && kind != HOOK_WAIT && kind != HOOK_LEAVE) {
        order_take_signals(task);
    }
    switch (kind) {
    case HOOK_SECTION:
        if (enter(frame, task, hook)) {
            follow_return(frame, task, hook, STAGE_DONE)->time = key_of(&hook_rules[hook], frame);
        }
        break;
    case HOOK_ENTER:
    case HOOK_TRY_ENTER:
    case HOOK_LEAVE:
        bracket(frame, task, hook);
        break;
    default:
        if (is_leader(task)) {
            lead(frame, task, hook);
        } else {
            follow(frame, task, hook);
        }
    }
}

/* From hook_return: a function whose return address was replaced has returned. */
__attribute__((used)) void agent_hook_return(struct frame *frame, struct task *task) {
    struct hooked *hooked = hooked_of(task);
    struct hooked_call *one = innermost(task);
    while (one && one->place != frame->rsp - sizeof(uint64_t)) {
        hooked->depth--; /* left by longjmp */
        one = innermost(task);
    }
    if (!one) {
        gate_control(REQUEST_REFUSED, 0, 0, 0);
    }
    task->return_address = one->address;
    hooked->depth--;
    switch (hook_rules[one->hook].kind) {
    case HOOK_SECTION:
        leave(task, one->time);
        break;
    default:
        if (is_leader(task)) {
            led(frame, task, one);
        } else {
            followed(frame, task, one);
        }
    }
}

/* Whether the library is at work for the task, and not the program by way of syscall(): its futexes
 * are each variant's own. */
int hooks_at_work(const struct call *call) {
    const uint64_t *library = order()->library;
    uint64_t place = call->frame->rip;
    return call->task->allocating || hooked_of(call->task)->depth ||
           (place >= library[0] && place < library[1] &&
            place - order()->functions[FUNCTION_SYSCALL] > SYSCALL_SIZE);
}
