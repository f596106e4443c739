/*
 * Large allocations: each ends at a page without rights, after at most 15 bytes, at a random
 * distance from the start of its mapping. A freed one keeps its address space for the next of its
 * class of sizes; its memory goes back to the kernel.
 */
#include "heap.h"

enum {
    SLACK = 16, /* pages by which the place of an allocation varies */
    CLASSES = 4 * 48,
    FIRST_ENTRIES = 256,
};

struct large {
    char *pages;     /* the readable part */
    size_t capacity; /* its size, a class's */
    char *user;      /* what the program got */
    size_t size;
    struct large *next;
};

static struct large *unused[CLASSES];
static struct large *spare;  /* entries without a mapping */
static struct large **table; /* the live ones, by the user's address: open addressing */
static size_t table_size, table_used;

/* Sizes in pages: four classes to a doubling, the unit and up. */
static uint32_t class_of(size_t pages, size_t *rounded) {
    uint32_t shift = pages < 4 ? 0 : 61 - (uint32_t)__builtin_clzl(pages);
    uint64_t steps = (pages + (1UL << shift) - 1) >> shift; /* 1 to 8 */
    *rounded = steps << shift;
    return shift * 4 + (uint32_t)steps - 1;
}

static size_t place_of(const char *user) {
    return ((uint64_t)user >> 4) * 0x9e3779b97f4a7c15 >> 32 & (table_size - 1);
}

static void insert(struct large *entry) {
    size_t place = place_of(entry->user);
    while (table[place]) {
        place = (place + 1) & (table_size - 1);
    }
    table[place] = entry;
    table_used++;
}

static int grow(void) {
    struct large **former = table;
    size_t former_size = table_size;
    size_t size = former_size ? 2 * former_size : FIRST_ENTRIES;
    struct large **larger = system_map(size * sizeof *table, 0);
    if (!larger) {
        return 0;
    }
    table = larger;
    table_size = size;
    table_used = 0;
    for (size_t i = 0; i < former_size; i++) {
        if (former[i]) {
            insert(former[i]);
        }
    }
    if (former) {
        system_unmap(former, former_size * sizeof *table);
    }
    return 1;
}

static size_t find(const void *user) {
    for (size_t place = table_size ? place_of(user) : 0; table_size && table[place];
         place = (place + 1) & (table_size - 1)) {
        if (table[place]->user == user) {
            return place;
        }
    }
    heap_stop("heap: invalid pointer, or freed twice\n");
}

static struct large *new_entry(void) {
    if (!spare) {
        struct large *entries = system_map(PAGE, 0);
        for (size_t i = 0; entries && i < PAGE / sizeof *entries; i++) {
            entries[i].next = spare;
            spare = &entries[i];
        }
    }
    struct large *entry = spare;
    if (entry) {
        spare = entry->next;
    }
    return entry;
}

static struct large *map(size_t capacity, size_t alignment) {
    struct large *entry = new_entry();
    size_t slack = (SLACK + 1) * PAGE + (alignment > PAGE ? alignment : 0);
    char *mapped = entry ? system_map(capacity + slack + PAGE, 1) : NULL;
    if (!mapped) {
        if (entry) {
            entry->next = spare;
            spare = entry;
        }
        return NULL;
    }
    entry->pages = mapped + PAGE + random_below(SLACK) * PAGE;
    if (alignment > PAGE) {
        entry->pages = (char *)(((uint64_t)mapped + PAGE + alignment - 1) & -(uint64_t)alignment);
    }
    entry->capacity = capacity;
    system_protect(entry->pages, capacity);
    return entry;
}

void *large_take(size_t size, size_t alignment) {
    size_t pages;
    if (size > PTRDIFF_MAX / 2 || alignment > PTRDIFF_MAX / 4) {
        return NULL;
    }
    uint32_t class = class_of((size + PAGE - 1) / PAGE, &pages);
    if (table_used * 2 >= table_size && !grow()) {
        return NULL;
    }
    struct large *entry = NULL;
    if (alignment <= PAGE && unused[class]) {
        entry = unused[class];
        unused[class] = entry->next;
    } else {
        entry = map(pages * PAGE, alignment);
    }
    if (!entry) {
        return NULL;
    }
    entry->size = (size + 15) & -16UL;
    uint64_t mask = -(uint64_t)(alignment > 16 ? alignment : 16);
    entry->user = (char *)((uint64_t)(entry->pages + entry->capacity - entry->size) & mask);
    if (alignment > PAGE) {
        entry->user = entry->pages;
    }
    insert(entry);
    return entry->user;
}

size_t large_size(const void *pointer) {
    return table[find(pointer)]->size;
}

/* `keep`: the content stays, for who reads it although it is freed. */
void large_give(void *pointer, int keep) {
    size_t hole = find(pointer);
    struct large *entry = table[hole];
    table[hole] = NULL;
    table_used--;
    /* What stood behind the hole only because it was taken moves up. */
    for (size_t place = (hole + 1) & (table_size - 1); table[place];
         place = (place + 1) & (table_size - 1)) {
        size_t home = place_of(table[place]->user);
        if (((place - home) & (table_size - 1)) >= ((place - hole) & (table_size - 1))) {
            table[hole] = table[place];
            table[place] = NULL;
            hole = place;
        }
    }
    if (!keep) {
        system_drop(entry->pages, entry->capacity);
    }
    size_t pages;
    uint32_t class = class_of(entry->capacity / PAGE, &pages);
    entry->next = unused[class];
    unused[class] = entry;
}
