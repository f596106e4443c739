/*
 * Small allocations: a class of sizes has runs of slots, and an allocation gets a random free slot
 * of a random run (after DieHard: Berger and Zorn, PLDI 2006). At most three of four slots are
 * taken, so a few tries find one. What is known of a run lies in the header of its chunk, not
 * beside the slots.
 */
#include "heap.h"

enum {
    CHUNK = 4 << 20,
    RUN = 64 << 10,
    RUNS = CHUNK / RUN, /* the first is the header */
    STEP = 16,
    LINEAR_MAX = 128, /* classes in steps of 16 up to here, then four to a doubling */
    LINEAR = LINEAR_MAX / STEP,
    CLASSES = LINEAR + 4 * 7,
    SLOTS_MAX = RUN / STEP,
    ADDRESS_BITS = 47,
    CHUNK_BITS = 22,
    TRIES = 64,
};

struct run {
    uint32_t size;  /* of a slot; 0: the run is free */
    uint32_t slots; /* how many */
    uint32_t used;
    uint32_t index; /* in its class */
    uint64_t taken[SLOTS_MAX / 64];
};

struct chunk {
    struct run runs[RUNS];
};

_Static_assert(sizeof(struct chunk) <= RUN, "a chunk's header is its first run");

struct class {
    struct run **runs;
    uint32_t count, capacity;
    uint64_t slots, used;
};

static struct class classes[CLASSES];
static struct chunk *current; /* the chunk that new runs come from */
static uint32_t current_free;
static uint8_t known[1UL << (ADDRESS_BITS - CHUNK_BITS - 3)]; /* one bit per chunk's address */

static uint32_t class_of(size_t size) {
    if (size <= LINEAR_MAX) {
        return (uint32_t)((size + STEP - 1) / STEP - 1);
    }
    uint32_t shift = 63 - (uint32_t)__builtin_clzl(size - 1);
    return LINEAR + (shift - 7) * 4 + (uint32_t)((size - 1) >> (shift - 2)) - 4;
}

static uint32_t size_of(uint32_t class) {
    if (class < LINEAR) {
        return (class + 1) * STEP;
    }
    uint32_t shift = 7 + (class - LINEAR) / 4;
    return (1U << shift) + ((class - LINEAR) % 4 + 1) * (1U << (shift - 2));
}

static struct chunk *chunk_of(const void *pointer) {
    return (struct chunk *)((uint64_t)pointer & -(uint64_t)CHUNK);
}

static char *slots_of(const struct run *run) {
    struct chunk *chunk = chunk_of(run);
    return (char *)chunk + (uint64_t)(run - chunk->runs) * RUN;
}

int small_owns(const void *pointer) {
    uint64_t number = (uint64_t)pointer >> CHUNK_BITS;
    return !(number >> (ADDRESS_BITS - CHUNK_BITS)) && known[number / 8] >> number % 8 & 1;
}

static int new_chunk(void) {
    char *mapped = system_map(2UL * CHUNK, 0);
    if (!mapped) {
        return 0;
    }
    char *start = (char *)(((uint64_t)mapped + CHUNK - 1) & -(uint64_t)CHUNK);
    if (start > mapped) {
        system_unmap(mapped, (size_t)(start - mapped));
    }
    system_unmap(start + CHUNK, (size_t)(mapped + CHUNK - start));
    current = (struct chunk *)start;
    current_free = RUNS - 1;
    uint64_t number = (uint64_t)start >> CHUNK_BITS;
    known[number / 8] |= (uint8_t)(1 << number % 8);
    return 1;
}

static int add_run(struct class *class, uint32_t size) {
    if (!current_free && !new_chunk()) {
        return 0;
    }
    if (class->count == class->capacity) {
        uint32_t capacity = class->capacity ? 2 * class->capacity : PAGE / sizeof *class->runs;
        struct run **runs = system_map(capacity * sizeof *runs, 0);
        if (!runs) {
            return 0;
        }
        for (uint32_t i = 0; i < class->count; i++) {
            runs[i] = class->runs[i];
        }
        if (class->capacity) {
            system_unmap(class->runs, class->capacity * sizeof *runs);
        }
        class->runs = runs;
        class->capacity = capacity;
    }
    uint64_t skip = random_below(current_free);
    struct run *run = current->runs + 1;
    while (run->size || skip) {
        skip -= !run->size;
        run++;
    }
    current_free--;
    run->size = size;
    run->slots = RUN / size;
    run->index = class->count;
    class->runs[class->count++] = run;
    class->slots += run->slots;
    return 1;
}

static void *take(struct class *class, struct run *run, uint64_t slot) {
    run->taken[slot / 64] |= 1UL << slot % 64;
    run->used++;
    class->used++;
    return slots_of(run) + slot * run->size;
}

static int is_taken(const struct run *run, uint64_t slot) {
    return run->taken[slot / 64] >> slot % 64 & 1;
}

void *small_take(size_t size) {
    uint32_t number = class_of(size ? size : 1);
    struct class *class = &classes[number];
    if (class->used * 4 >= class->slots * 3 && !add_run(class, size_of(number)) &&
        class->used == class->slots) {
        return NULL;
    }
    for (int i = 0; i < TRIES; i++) {
        struct run *run = class->runs[random_below(class->count)];
        uint64_t slot = random_below(run->slots);
        if (!is_taken(run, slot)) {
            return take(class, run, slot);
        }
    }
    uint64_t first = random_below(class->count);
    for (uint64_t i = 0; i < class->count; i++) {
        struct run *run = class->runs[(first + i) % class->count];
        for (uint64_t slot = 0; run->used < run->slots && slot < run->slots; slot++) {
            if (!is_taken(run, slot)) {
                return take(class, run, slot);
            }
        }
    }
    return NULL;
}

/* The run and slot of an allocation; ends the program for a pointer that is none. */
static struct run *find(const void *pointer, uint64_t *slot) {
    struct chunk *chunk = chunk_of(pointer);
    uint64_t offset = (uint64_t)pointer % CHUNK;
    struct run *run = &chunk->runs[offset / RUN];
    uint64_t inside = offset % RUN;
    if (run == chunk->runs || !run->size || inside % run->size) {
        heap_stop("heap: invalid pointer\n");
    }
    *slot = inside / run->size;
    if (*slot >= run->slots || !is_taken(run, *slot)) {
        heap_stop("heap: freed twice, or never allocated\n");
    }
    return run;
}

size_t small_size(const void *pointer) {
    uint64_t slot;
    return find(pointer, &slot)->size;
}

void small_give(void *pointer) {
    uint64_t slot;
    struct run *run = find(pointer, &slot);
    run->taken[slot / 64] &= ~(1UL << slot % 64);
    run->used--;
    classes[class_of(run->size)].used--;
}
