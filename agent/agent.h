/*
 * What the agent's files share. Rules of this code: no libc, no allocation, no writable data (state
 * lives in the task slot, the process state and the arena), no vector registers, no errno; program
 * memory is touched by the program_* functions only, since it may be gone; one message, then at
 * most one effect per call.
 */
#ifndef MVX_AGENT_H
#define MVX_AGENT_H

#include <stddef.h>
#include <stdint.h>

#include "generated/layout.h"
#include "rule.h"

#define MAX_ERRNO 4095
#define PAGE      4096UL

enum { POINTERS_SENT_MAX = 256 }; /* bytes of a message with pointers in a pipe */

/* `flags` of a RESULT or TURN message: a signal is delivered when the call is over. */
enum { RESULT_SIGNAL = 1 };
/* Of a CALL message: a handler ends without the supervisor. */
enum { CALL_PROMPT = 1 };

enum { BLOCK_FAULT = 0xffffffffU, BLOCK_NULL = 0xfffffffeU };
enum { COPY_WORDS_MAX = 128 };
enum { NAME_SIZE = 4096 }; /* PATH_MAX */

/* The program's registers: struct user_regs_struct without the segment part. */
struct frame {
    uint64_t r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi;
    uint64_t orig_rax, rip, cs, eflags, rsp, ss;
};

/* What a call writes outside the turn: see aside.c. */
struct aside {
    uint64_t place[ARGUMENTS_MAX]; /* of an argument's bytes in the ring */
    uint64_t size[ARGUMENTS_MAX];  /* 0: the kernel writes where the program wants it */
};

/* One call on its way through the agent. */
struct call {
    struct frame *frame;
    struct task *task;
    const struct call_rule *rule;
    uint64_t number;
    uint64_t arguments[ARGUMENTS_MAX];
    uint32_t capacity[ARGUMENTS_MAX]; /* LENGTH_POINTED: the length before the call */
    struct call_rule effective; /* the rule with the arguments of the ioctl, fcntl, prctl request */
    /* the compared copy of an input buffer, in the leader's lane */
    const void *compared[ARGUMENTS_MAX];
    uint64_t
        wrapped; /* where in the lane the last one lies that goes around the ring's end, or 0 */
    uint8_t executor;       /* enum executor, after the handler had its say */
    uint16_t flags;         /* enum call_flag, likewise */
    uint8_t kept;           /* KEPT_* of a new descriptor */
    uint8_t done;           /* the handler has executed the call itself */
    uint8_t pardoned;       /* bit per argument that may differ (pardon.c) */
    uint8_t refusal;        /* EXECUTOR_REFUSED: the errno */
    uint8_t released;       /* the thread has given its turn up */
    uint8_t pending;        /* a signal is delivered when the call is over */
    uint8_t prompt;         /* rt_sigreturn: every variant makes it at once */
    uint8_t attempts;       /* it is first made without waiting, in the turn */
    uint64_t given;         /* the leader's data of an epoll event */
    uint64_t sent;          /* the leader's number of bytes, where this variant's may be another */
    uint64_t device, inode; /* KEPT_MAPPED: the file that the leader opened */
    uint64_t size;          /* the bytes of a write that is postponed, or done already */
    struct aside *aside;    /* NULL: nothing is written aside */
    int64_t result;
};

/* entry.S */
long gate_plain(long number, const uint64_t *arguments);
long gate_interruptible(long number, const uint64_t *arguments);
long gate_traced(long number, const uint64_t *arguments);
long gate_bootstrap(long number, const uint64_t *arguments);
long gate_control(long request, long a, long b, long c);
void leave_handler(uint64_t stack) __attribute__((noreturn));
long program_copy(void *to, const void *from, size_t count);
long program_compare(const void *program, const void *other, size_t count);
long program_length(const char *string, size_t limit);
long program_probe(const void *address);
void place_pages(uint64_t *pages, uint64_t count); /* pages.c */
extern char image_start[]; /* not const: what lies behind the image changes, and compilers look */

/* lane.c */
struct lane *lane_of(const struct task *task, uint32_t variant);
void lane_begin(struct task *task);
void lane_put(struct task *task, const void *bytes, size_t count);
void lane_reread(struct task *task, uint64_t position, void *bytes, size_t count);
long lane_put_program(struct task *task, const void *bytes, size_t count);
const void *lane_contiguous(const struct task *task, uint64_t position, size_t count);
void *lane_space(struct task *task, size_t count);
void lane_show(struct task *task);
void lane_publish(struct task *task);
void lane_wait_agreed(struct task *task);
void lane_get(struct task *task, void *bytes, size_t count);
long lane_get_program(struct task *task, void *bytes, size_t count);
long lane_compare(struct task *task, const void *bytes, size_t count);
void lane_peek(struct task *task, void *bytes, size_t count);
void lane_skip(struct task *task, size_t count);
void lane_acknowledge(struct task *task);

/* blocks.c: length-prefixed byte strings in a message */
int block_input(struct call *call, int argument, const void *bytes, uint32_t count);
void block_name(struct call *call, int argument, char *bytes, uint32_t count);
void block_output(struct call *call, void *bytes, uint32_t count, uint32_t capacity);
uint32_t block_value(struct call *call, uint32_t value);

/* walk.c */
int address_input(struct call *call, int index, const char *address, uint32_t count);
void walk_inputs(struct call *call);
void walk_outputs(struct call *call);
void walk_input(struct call *call, int index);
void walk_output(struct call *call, int index);
uint64_t walk_capacity(struct call *call, int index);
void walk_forget_ignored(struct call *call);
int walk_compare_values(const struct call *call, const uint64_t *leader);

/* aside.c */
void aside_begin(struct call *call, struct aside *aside);
void aside_use(const struct call *call, uint64_t *arguments);
void aside_end(struct call *call);

/* attempt.c */
void attempt_learn(struct task *task, int waited);
int attempt_begins(const struct call *call);
int attempt_make(struct call *call, uint64_t *arguments, struct aside *aside);
void attempt_ends(struct call *call);

/* handlers.c: what is irregular about a call; inputs and outputs return 1 when they replaced the
 * regular walk */
int is_duplication(const struct call *call);
void handler_prepare(struct call *call);
int handler_inputs(struct call *call);
int handler_outputs(struct call *call);
void handler_execute(struct call *call);

/* requests.c */
void request_prepare(struct call *call);

/* clock.c */
struct moment {
    int64_t seconds, nanoseconds;
};
void clock_now(const struct task *task, int clock, struct moment *now);
int clock_answer(struct call *call);
void handler_finish(struct call *call);

/* postpone.c: writes to connections that are made later */
int postponed_any(void);
void postponed_make(struct task *task);
int postponed_pass(const struct call *call);
int postponed_begins(struct call *call);
void postponed_ends(struct call *call);
int postponed_answer(struct call *call);
void postponed_seen(struct call *call);

/* pointers.c */
void pointers_pipe(const struct task *task, const int32_t *numbers);
void pointers_cookie(struct call *call, uint64_t event);
int pointers_agree(struct call *call, const void *bytes, uint32_t count);
void pointers_translate(const struct call *call);

/* namespaces.c */
void namespaces_prepare(struct call *call);
void namespaces_finish(const struct call *call);

/* filters.c: returns 1 when it replaced the regular walk */
int filter_inputs(struct call *call);

/* embedded.c: both return 1 when they replaced the regular walk */
int embedded_inputs(struct call *call);
int embedded_outputs(struct call *call);
void handle_inputs(struct call *call);
void handle_outputs(struct call *call);

/* semaphores.c: both return 1 when they replaced the regular walk */
int semaphores_inputs(struct call *call);
int semaphores_outputs(struct call *call);

/* fetch.c */
int64_t fetch(int64_t file);

/* moves.c */
int move_is_own(const struct call *call);
int move_outputs(struct call *call);

/* reaped.c */
void reaped_wait(struct call *call, const uint64_t *arguments);

/* shared.c */
void shared_prepare(struct call *call);
void shared_execute(struct call *call);
int shared_changes(const struct call *call);
void shared_changed(struct call *call);

/* places.c */
void place_file(struct call *call);

/* limits.c */
void limit_prepare(struct call *call);
void limit_execute(struct call *call);

/* descriptors.c */
void descriptor_link(int64_t number, char *link);
uint8_t descriptor_kept(const struct task *task, int64_t number);
void descriptor_set(struct task *task, int64_t number, uint8_t kept);
void descriptor_copy(struct task *task, int64_t from, int64_t to);
void descriptor_arrived(struct task *task, int64_t number, int close_on_exec);
uint64_t open_flags(const struct call *call);
void open_finish(struct call *call);
void view_again(const struct call *call);
uint16_t *descriptor_entry(const struct task *task, int64_t number);
void descriptor_move(struct task *task, int64_t from, int64_t to, int close_on_exec);
void process_lock(struct task *task);
void process_unlock(struct task *task);

/* results.c */
void result_check(struct call *call);

/* messages.c */
void messages_pass(const struct call *call);
void messages_inputs(struct call *call, int many);
void messages_outputs(struct call *call, int many);

/* epoll.c */
void epoll_created(struct call *call);
void epoll_closing(struct task *task, int64_t number);
void epoll_control_execute(struct call *call);
void epoll_control_finish(struct call *call);
void epoll_wait_outputs(struct call *call);

/* pardon.c */
long call_differs(struct call *call, long divergence, long argument, long offset);
void pass_over(struct call *call, const struct message *message);
int pardon_call(struct call *call, const struct message *message);
int pardon_values(struct call *call, const struct message *message);
int64_t pardon_result(const struct call *call, int64_t result);

/* elastic.c */
void elastic_seen(struct call *call);
int elastic_answer(struct call *call, const struct message *message);
int elastic_skip(struct call *call, const struct message *message);
int elastic_come_to(struct call *call, uint32_t number, struct message *message);

/* watched.c */
void watched_begin(const struct call *call);
uint64_t watched_flags(const struct task *task);
void watched_open(const struct call *call);

/* words.c */
#define LOCK_WANTED 0x80000000U /* of a lock's word: somebody waits; the rest is who has it */
#define EVERYBODY   0x7fffffffU
long word_sleep(const void *word, uint32_t value, uint32_t bits, uint64_t nanoseconds);
void word_wake(const void *word, uint32_t count, uint32_t bits);
uint32_t lock_ask(uint32_t *lock, uint32_t owner);
void lock_give(uint32_t *lock);

/* turns.c: threads that share a memory run one at a time, in the leader's order */
struct task *turn_task(uint32_t slot);
int turn_is_joined(void);
struct domain *turn_between(const struct task *task);
void turn_join(struct call *call);
uint64_t turn_take(struct task *task, uint64_t turn);
void turn_release(struct task *task);
void turn_change(struct task *task, uint64_t turn);
void turn_let_others(struct call *call);
int turn_is_released(const struct call *call);
void turn_leave(struct call *call, uint32_t number);
void turn_leave_too(struct call *call, uint32_t number);
void turn_publish(const struct call *call, uint64_t turn, int64_t result);
struct message turn_follow(struct call *call);
void turn_yield(struct call *call);

/* timers.c */
int timer_is_own(const struct call *call);
void timer_taken(const struct call *call);
void turn_start(struct call *call);
void turn_end(struct task *task);

/* futex.c */
struct futex_time {
    int64_t seconds, nanoseconds;
};
enum { FUTEX_SEVERAL = 0x100 /* an operation as futex_waitv */ };
int64_t futex_call(struct call *call);
int64_t futex_inside(struct call *call, uint32_t operation, const struct futex_time *timeout);
int futex_is_time(const struct futex_time *time);
void futex_enqueue(struct task *task, uint64_t *addresses, uint32_t count);
void futex_wait_begins(struct call *call);
int64_t futex_wait_ends(struct call *call, int64_t result);
int64_t futex_wait_follows(struct call *call, int *woken);
void futex_publish(struct call *call);
uint32_t futex_shared(void);
uint32_t futex_hand_over(const struct task *task, uint64_t address);
int futex_is_shared(uint64_t address);
int futex_waits(uint32_t operation);
int64_t futex_wake(const struct task *task, uint64_t address, uint32_t count, uint32_t bits);
int64_t futex_changed(uint32_t encoded, uint32_t old, uint32_t *changed);

/* waitv.c */
int64_t futex_later_call(struct call *call);
int64_t futex_several(struct call *call);

/* outside.c */
void futex_released(const struct task *task, uint64_t address);
int64_t outside_call(struct call *call, uint32_t operation);
int64_t joined_call(struct call *call, uint32_t operation, const struct futex_time *timeout);

/* order.c: threads run in parallel, what synchronises them is ordered */
int64_t order_futex(struct call *call);
uint64_t order_before(const struct call *call);
uint64_t order_after(const struct call *call, uint64_t time);
void order_reach(const struct task *task, uint64_t time);
void order_leave(const struct task *task, uint64_t time);
int order_skip(struct task *task, const struct message *message);

/* transfer.c */
void transfer_rest(struct call *call, uint64_t *arguments);

/* execute.c */
int call_is_verified(const struct call *call);
int call_meets(const struct call *call);
void call_execute(struct call *call, struct aside *aside);

/* calls.c */
const struct call_rule *rule_of(uint64_t number);
void call_interrupted(struct task *task, uint64_t turn) __attribute__((noreturn));
void call_signal(struct task *task, long point) __attribute__((noreturn));
void call_diverged(struct call *call, long divergence, long argument, long offset)
    __attribute__((noreturn));

static inline int is_leader(const struct task *task) {
    return task->variant == task->leader;
}

static inline int is_error(int64_t result) {
    return result < 0 && result >= -MAX_ERRNO;
}

/* What was stored before is seen by others before what is loaded after. */
static inline void fence(void) {
    __asm__ volatile("lock orl $0, (%%rsp)" : : : "memory", "cc");
}

static inline void zero(void *bytes, size_t count) {
    __asm__ volatile("rep stosb" : "+D"(bytes), "+c"(count) : "a"(0) : "memory");
}

/* Short copies of a known size are moved word by word: `rep movsb` takes some 20 cycles to begin.
 */
static inline __attribute__((always_inline)) void copy(void *to, const void *from, size_t count) {
    if (__builtin_constant_p(count) && count % 8 == 0 && count <= COPY_WORDS_MAX) {
        typedef uint64_t word __attribute__((may_alias, aligned(1)));
        for (size_t offset = 0; offset < count; offset += 8) {
            *(word *)((char *)to + offset) = *(const word *)((const char *)from + offset);
        }
        return;
    }
    __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(count) : : "memory");
}

static inline long plain(long number, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e,
                         uint64_t f) {
    uint64_t arguments[ARGUMENTS_MAX] = {a, b, c, d, e, f};
    return gate_plain(number, arguments);
}

#endif
