// Each worker has a queue of tasks and steals from the others' when its own is empty; every task splits.
#include "seen.h"
#include <sched.h>

enum { WORKERS = 4, DEPTH = 8, TASKS = (1 << (DEPTH + 1)) - 1 };
static struct {
    pthread_mutex_t mutex;
    int tasks[TASKS], first, last;
} queues[WORKERS];
static int done, stolen[WORKERS];

static void push(int worker, int depth) {
    CHECK(pthread_mutex_lock(&queues[worker].mutex) == 0);
    queues[worker].tasks[queues[worker].last++] = depth;
    CHECK(pthread_mutex_unlock(&queues[worker].mutex) == 0);
}

static int take(int worker, int thief) {
    int depth = -1;
    CHECK(pthread_mutex_lock(&queues[worker].mutex) == 0);
    if (queues[worker].first < queues[worker].last)
        depth = thief ? queues[worker].tasks[queues[worker].first++]
                      : queues[worker].tasks[--queues[worker].last];
    CHECK(pthread_mutex_unlock(&queues[worker].mutex) == 0);
    return depth;
}

static void *work(void *argument) {
    int self = number(argument);
    while (__atomic_load_n(&done, __ATOMIC_SEQ_CST) < TASKS) {
        int depth = take(self, 0);
        for (int i = 1; depth < 0 && i < WORKERS; i++) {
            depth = take((self + i) % WORKERS, 1);
            stolen[self] += depth >= 0;
        }
        if (depth < 0) {
            sched_yield();
            continue;
        }
        if (depth) {
            push(self, depth - 1);
            push(self, depth - 1);
        }
        note('a' + self);
        __atomic_add_fetch(&done, 1, __ATOMIC_SEQ_CST);
    }
    return NULL;
}

int main(void) {
    for (int i = 0; i < WORKERS; i++)
        CHECK(pthread_mutex_init(&queues[i].mutex, NULL) == 0);
    push(0, DEPTH);
    run_threads(WORKERS, work);
    CHECK(seen_count == TASKS);
    show_seen();
    printf("stolen: %d %d %d %d\n", stolen[0], stolen[1], stolen[2], stolen[3]);
}
