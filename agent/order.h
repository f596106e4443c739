/*
 * Order among threads that run in parallel: see order.c.
 */
#ifndef MVX_ORDER_H
#define MVX_ORDER_H

#include "agent.h"

#define NO_TIME (~0UL) /* of an operation that needs no order */

#define BUCKET_OF_DESCRIPTORS (BUCKETS - 1) /* of the process's descriptor table */

struct bucket {
    uint64_t time;     /* its low half is a futex word */
    uint32_t sleepers; /* on `time` */
    uint32_t section;  /* leader: a lock, for sections (hooks.c) */
    uint32_t moment;   /* leader: a lock, for single instructions (atomics.c) */
    uint32_t padding[11];
};

static inline struct order *order(void) {
    return (struct order *)(uint64_t)(image_start + ORDER_OFFSET);
}

static inline struct bucket *bucket_at(uint32_t number) {
    return (struct bucket *)order()->buckets + number;
}

uint32_t order_bucket(uint64_t key);
uint64_t order_next(uint32_t bucket);
void order_await(const struct task *task, uint32_t bucket, uint64_t time);
void order_move_on(uint32_t bucket, uint64_t time);
int order_try_lock(const struct task *task, uint32_t *word);
void order_lock(const struct task *task, uint32_t *word);
void order_tell(struct task *task, uint32_t operation, uint32_t bucket, uint64_t time,
                int64_t result, uint64_t error);
struct message order_see(struct frame *frame, struct task *task, uint32_t operation);
void order_taken(struct task *task);
struct message order_hear(struct frame *frame, struct task *task, uint32_t operation);
void order_take_signals(struct task *task);
int hooks_at_work(const struct call *call);

#endif
