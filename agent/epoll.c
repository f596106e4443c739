/*
 * epoll: the program's 64-bit event data is a pointer more often than not, and so each variant's
 * own. The kernel keeps the leader's; a follower remembers which of its own belongs to it, and puts
 * that in its place when an event comes. What it does not know it takes as it is: a number means
 * the same in all variants, and so does what another process put into an instance that both have.
 * After a takeover the kernel still has a former leader's data: the new leader looks them up, too.
 *
 * The map is in the process's private state, copied by fork as the instance is. An entry belongs to
 * an instance and a descriptor number, so that their number is bounded, and is found by these and
 * by the leader's data, the latest first. Of what is replaced the last few pairs stay: another
 * thread may be about to get an event that came before.
 */
#include "agent.h"

enum {
    EPOLL_CTL_DEL = 2,
    INSTANCE_SHIFT = 4,
    INSTANCES = 1 << 12,
    HEADS = 1 << 14,
    REPLACED = 64,
    TABLE_LOOKED_AT = 4096
};

struct __attribute__((packed)) epoll_event {
    uint32_t events;
    uint64_t data;
};

struct pair {
    uint64_t leaders, own;
};

struct entry {
    uint64_t key; /* instance << 32 | descriptor, VACANT */
    struct pair pair;
    uint32_t by_key, by_leaders; /* what follows in the chains: index + 1, 0: none */
};

struct map {
    uint32_t lock; /* process_lock */
    uint32_t instances, replaced_count;
    uint32_t used;   /* entries from here on were never used */
    uint32_t vacant; /* the chain (by_key) of those that are free again */
    struct pair replaced[REPLACED];
    uint32_t by_key[HEADS], by_leaders[HEADS];
    struct entry entries[EPOLL_ENTRIES];
};

_Static_assert(sizeof(struct map) <= CLOCKS_OFFSET - SHARED_STATE_OFFSET, "the map fits");

static const uint64_t VACANT = ~0UL;

static struct map *map_of(void) {
    return (struct map *)(uint64_t)(image_start + SHARED_STATE_OFFSET);
}

static uint64_t hashed(uint64_t value) {
    return (value * 0x9e3779b97f4a7c15UL) >> 40;
}

static uint64_t key_of(const struct task *task, int32_t instance, int32_t number) {
    const uint16_t *entry = descriptor_entry(task, instance);
    uint64_t identity = entry ? *entry >> INSTANCE_SHIFT : 0;
    return identity << 32 | (uint32_t)number;
}

static uint32_t *by_key(struct map *map, uint64_t key) {
    return &map->by_key[hashed(key) % HEADS];
}

static uint32_t *by_leaders(struct map *map, uint64_t leaders) {
    return &map->by_leaders[hashed(leaders) % HEADS];
}

static struct entry *find(struct map *map, uint64_t key) {
    for (uint32_t next = *by_key(map, key); next; next = map->entries[next - 1].by_key) {
        if (map->entries[next - 1].key == key) {
            return &map->entries[next - 1];
        }
    }
    return NULL;
}

static uint32_t number_of(const struct map *map, const struct entry *entry) {
    return (uint32_t)(entry - map->entries) + 1;
}

/* A new entry for a key, NULL: all are taken. */
static struct entry *add(struct map *map, uint64_t key) {
    struct entry *entry;
    if (map->vacant) {
        entry = &map->entries[map->vacant - 1];
        map->vacant = entry->by_key;
    } else if (map->used < EPOLL_ENTRIES) {
        entry = &map->entries[map->used++];
    } else {
        return NULL;
    }
    entry->key = key;
    entry->by_key = *by_key(map, key);
    *by_key(map, key) = number_of(map, entry);
    return entry;
}

static void link(struct map *map, struct entry *entry) {
    uint32_t *head = by_leaders(map, entry->pair.leaders);
    entry->by_leaders = *head;
    *head = number_of(map, entry);
}

static void unlink(struct map *map, const struct entry *entry) {
    uint32_t *next = by_leaders(map, entry->pair.leaders);
    while (*next != number_of(map, entry)) {
        next = &map->entries[*next - 1].by_leaders;
    }
    *next = entry->by_leaders;
}

static void forget(struct map *map, struct entry *entry) {
    unlink(map, entry);
    uint32_t *next = by_key(map, entry->key);
    while (*next != number_of(map, entry)) {
        next = &map->entries[*next - 1].by_key;
    }
    *next = entry->by_key;
    entry->key = VACANT;
    entry->by_key = map->vacant;
    map->vacant = number_of(map, entry);
}

static void remember(struct map *map, uint64_t key, const struct pair *pair) {
    struct entry *entry = find(map, key);
    if (entry) {
        map->replaced[map->replaced_count++ % REPLACED] = entry->pair;
        unlink(map, entry);
    } else {
        entry = add(map, key);
    }
    if (!entry) {
        map->replaced[map->replaced_count++ % REPLACED] = *pair;
        return;
    }
    entry->pair = *pair;
    link(map, entry);
}

static uint64_t own_of(struct map *map, uint64_t leaders) {
    for (uint32_t next = *by_leaders(map, leaders); next;
         next = map->entries[next - 1].by_leaders) {
        if (map->entries[next - 1].pair.leaders == leaders) {
            return map->entries[next - 1].pair.own;
        }
    }
    uint32_t count = map->replaced_count;
    for (uint32_t i = 1; i <= count && i <= REPLACED; i++) {
        if (map->replaced[(count - i) % REPLACED].leaders == leaders) {
            return map->replaced[(count - i) % REPLACED].own;
        }
    }
    return leaders;
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
    const uint16_t *own = descriptor_entry(task, number);
    if (!own || task->variants == 1) {
        return;
    }
    for (int64_t other = 0; other < TABLE_LOOKED_AT; other++) {
        const uint16_t *second = descriptor_entry(task, other);
        if (other != number && *second == *own) {
            return;
        }
    }
    uint64_t identity = *own >> INSTANCE_SHIFT;
    struct map *map = map_of();
    process_lock(task);
    for (uint32_t i = 0; i < map->used; i++) {
        if (map->entries[i].key >> 32 == identity) {
            forget(map, &map->entries[i]);
        }
    }
    process_unlock(task);
}

/* Leader: what the kernel is given is what followers hear of, whatever another thread does. */
void epoll_control_execute(struct call *call) {
    struct epoll_event event;
    if ((uint32_t)call->arguments[1] == EPOLL_CTL_DEL ||
        program_copy(&event, (const void *)call->arguments[3], sizeof event)) {
        return;
    }
    uint64_t arguments[ARGUMENTS_MAX];
    copy(arguments, call->arguments, sizeof arguments);
    arguments[3] = (uint64_t)&event;
    call->given = event.data;
    call->done = 1;
    call->result = gate_interruptible((long)call->number, arguments);
}

void epoll_control_finish(struct call *call) {
    struct task *task = call->task;
    uint64_t key = key_of(task, (int32_t)call->arguments[0], (int32_t)call->arguments[2]);
    struct epoll_event event;
    if ((uint32_t)call->arguments[1] == EPOLL_CTL_DEL || task->variants == 1 ||
        program_copy(&event, (const void *)call->arguments[3], sizeof event)) {
        return; /* what is deleted may still be on its way to another thread */
    }
    struct pair pair = {call->given, is_leader(task) ? call->given : event.data};
    process_lock(task);
    remember(map_of(), key, &pair);
    process_unlock(task);
}

/* Events travel as the kernel has them; each variant writes its own data. */
void epoll_wait_outputs(struct call *call) {
    if (call->result <= 0) {
        return;
    }
    struct task *task = call->task;
    struct epoll_event *events = (struct epoll_event *)call->arguments[1];
    int64_t capacity = (int32_t)call->arguments[2];
    for (int64_t i = 0; i < call->result && i < capacity; i++) {
        struct epoll_event event = {0, 0};
        if (is_leader(task)) {
            program_copy(&event, &events[i], sizeof event);
            lane_put(task, &event, sizeof event);
        } else {
            lane_get(task, &event, sizeof event);
        }
        uint64_t leaders = event.data;
        process_lock(task);
        event.data = own_of(map_of(), leaders);
        process_unlock(task);
        if (event.data != leaders || !is_leader(task)) {
            program_copy(&events[i], &event, sizeof event);
        }
    }
}
