/*
 * epoll: the program's 64-bit event data is a pointer more often than not, and so each variant's
 * own. The kernel is given the descriptor number instead; every variant keeps (instance,
 * descriptor) → data and translates the leader's events.
 *
 * The map is an open-addressing table in the process's private state, copied by fork as the
 * instance is.
 */
#include "agent.h"

enum {
    EPOLL_CTL_ADD = 1,
    EPOLL_CTL_DEL = 2,
    EPOLL_CTL_MOD = 3,
    INSTANCE_SHIFT = 4,
    INSTANCES = 1 << 12
};

struct __attribute__((packed)) epoll_event {
    uint32_t events;
    uint64_t data;
};

struct entry {
    uint64_t key; /* 0: free, 1: removed, else instance << 32 | descriptor, plus 2 << 60 */
    uint64_t data;
};

struct map {
    uint32_t lock;
    uint32_t instances;
    uint64_t reserved[7];
    struct entry entries[EPOLL_ENTRIES];
};

static const uint64_t USED = 2UL << 60;
static const uint64_t REMOVED = 1;

static struct map *map_of(void) {
    return (struct map *)(uint64_t)(image_start + SHARED_STATE_OFFSET);
}

static uint64_t key_of(const struct task *task, int32_t instance, int32_t number) {
    const uint16_t *entry = descriptor_entry(task, instance);
    uint64_t identity = entry ? *entry >> INSTANCE_SHIFT : 0;
    return USED | identity << 32 | (uint32_t)number;
}

static struct entry *find(uint64_t key, int add) {
    struct map *map = map_of();
    struct entry *vacant = NULL;
    uint64_t slot = (key * 0x9e3779b97f4a7c15UL) >> 40;
    for (uint64_t step = 0; step < EPOLL_ENTRIES; step++) {
        struct entry *entry = &map->entries[(slot + step) % EPOLL_ENTRIES];
        if (entry->key == key) {
            return entry;
        }
        if (entry->key == REMOVED && !vacant) {
            vacant = entry;
        }
        if (!entry->key) {
            vacant = vacant ? vacant : entry;
            break;
        }
    }
    if (add && vacant) {
        vacant->key = key;
        return vacant;
    }
    return NULL;
}

/* A new instance gets an identity that its duplicates share. */
void epoll_created(struct call *call) {
    struct map *map = map_of();
    uint32_t identity = ++map->instances % INSTANCES;
    uint16_t *entry = descriptor_entry(call->task, call->result);
    if (entry) {
        *entry = (uint16_t)(KEPT_EPOLL | identity << INSTANCE_SHIFT);
    }
}

/* The last descriptor of an instance goes: forget its data. */
void epoll_closing(struct task *task, int64_t number) {
    const uint16_t *entry = descriptor_entry(task, number);
    if (!entry) {
        return;
    }
    for (int64_t other = 0; other < 4096; other++) {
        const uint16_t *second = descriptor_entry(task, other);
        if (other != number && *second == *entry) {
            return;
        }
    }
    uint64_t identity = USED | (uint64_t)(*entry >> INSTANCE_SHIFT) << 32;
    struct map *map = map_of();
    for (uint64_t i = 0; i < EPOLL_ENTRIES; i++) {
        if ((map->entries[i].key & ~0xffffffffUL) == identity) {
            map->entries[i].key = REMOVED;
        }
    }
}

/* Leader: give the kernel the descriptor number instead of the data. */
void epoll_control_execute(struct call *call) {
    struct epoll_event event;
    if ((uint32_t)call->arguments[1] == EPOLL_CTL_DEL ||
        program_copy(&event, (const void *)call->arguments[3], sizeof event)) {
        return;
    }
    event.data = (uint32_t)call->arguments[2];
    uint64_t arguments[ARGUMENTS_MAX];
    copy(arguments, call->arguments, sizeof arguments);
    arguments[3] = (uint64_t)&event;
    call->done = 1;
    call->result = gate_interruptible((long)call->number, arguments);
}

void epoll_control_finish(struct call *call) {
    struct task *task = call->task;
    uint64_t key = key_of(task, (int32_t)call->arguments[0], (int32_t)call->arguments[2]);
    struct epoll_event event;
    if ((uint32_t)call->arguments[1] == EPOLL_CTL_DEL) {
        return; /* another thread may be about to get an event that came before */
    }
    process_lock(task);
    if (!program_copy(&event, (const void *)call->arguments[3], sizeof event)) {
        struct entry *entry = find(key, 1);
        if (entry) {
            entry->data = event.data;
        }
    }
    process_unlock(task);
}

/* Events travel as (events, descriptor); each variant writes its own data. */
void epoll_wait_outputs(struct call *call) {
    if (call->result <= 0) {
        return;
    }
    struct task *task = call->task;
    struct epoll_event *events = (struct epoll_event *)call->arguments[1];
    int64_t capacity = (int32_t)call->arguments[2];
    for (int64_t i = 0; i < call->result && i < capacity; i++) {
        struct epoll_event event = {0, 0};
        uint32_t words[2];
        if (is_leader(task)) {
            program_copy(&event, &events[i], sizeof event);
            words[0] = event.events;
            words[1] = (uint32_t)event.data;
            lane_put(task, words, sizeof words);
        } else {
            lane_get(task, words, sizeof words);
        }
        event.events = words[0];
        process_lock(task);
        const struct entry *entry =
            find(key_of(task, (int32_t)call->arguments[0], (int32_t)words[1]), 0);
        event.data = entry ? entry->data : words[1];
        process_unlock(task);
        program_copy(&events[i], &event, sizeof event);
    }
}
