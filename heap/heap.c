/* The functions of <stdlib.h> and <malloc.h> that allocate, over small.c and large.c. */
#include <linux/errno.h>

#include "heap.h"

#define EXPORT __attribute__((visibility("default")))

enum {
    AT_HEAP_SEED = 0x6d766801, /* src/mvx/variation.py: only the loader's time knows these */
    AT_HEAP_FILL = 0x6d766802,
};

unsigned long getauxval(unsigned long) __attribute__((weak));
int *__errno_location(void) __attribute__((weak));
int __register_atfork(void (*)(void), void (*)(void), void (*)(void), void *) __attribute__((weak));
int pthread_atfork(void (*)(void), void (*)(void), void (*)(void)) __attribute__((weak));

static int is_ready;
static unsigned char fill; /* 0: memory is not filled */

static void prepare(void) {
    if (!is_ready) {
        is_ready = 1;
        random_seed(getauxval ? getauxval(AT_HEAP_SEED) : 0);
        fill = getauxval ? (unsigned char)getauxval(AT_HEAP_FILL) : 0;
    }
}

/* A child has one thread, and the lock as it was: it is held over the fork. */
__attribute__((constructor)) static void start(void) {
    lock_take();
    prepare();
    lock_give();
    if (__register_atfork) {
        __register_atfork(lock_take, lock_give, lock_renew, NULL);
    } else if (pthread_atfork) {
        pthread_atfork(lock_take, lock_give, lock_renew);
    }
}

static void set(void *bytes, unsigned char value, size_t count) {
    __asm__ volatile("rep stosb" : "+D"(bytes), "+c"(count) : "a"(value) : "memory");
}

static void copy(void *to, const void *from, size_t count) {
    __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(count) : : "memory");
}

static int fail(void) {
    if (__errno_location) {
        *__errno_location() = ENOMEM;
    }
    return ENOMEM;
}

static size_t size_of(const void *pointer) {
    return small_owns(pointer) ? small_size(pointer) : large_size(pointer);
}

/* Memory of that alignment, a power of two; NULL without an error number. The lock is not held. */
static void *take(size_t size, size_t alignment, int zeroed) {
    lock_take();
    prepare();
    void *pointer;
    if (alignment > 16 && alignment <= PAGE && size <= PAGE) {
        /* slots of 2^k bytes are aligned to it */
        size_t larger = size > alignment ? size : alignment;
        pointer = small_take(1UL << (64 - __builtin_clzl(larger - 1)));
    } else if (alignment > 16 || size > SMALL_MAX) {
        pointer = large_take(size ? size : 1, alignment);
    } else {
        pointer = small_take(size);
    }
    size_t count = pointer ? size_of(pointer) : 0;
    int is_small = pointer && small_owns(pointer);
    lock_give();
    if (zeroed && (is_small || fill)) {
        set(pointer, 0, count);
    } else if (!zeroed && fill && pointer) {
        set(pointer, fill, count);
    }
    return pointer;
}

EXPORT void *malloc(size_t size) {
    void *pointer = take(size, 16, 0);
    if (!pointer) {
        fail();
    }
    return pointer;
}

EXPORT void *calloc(size_t count, size_t size) {
    size_t whole;
    void *pointer = __builtin_mul_overflow(count, size, &whole) ? NULL : take(whole, 16, 1);
    if (!pointer) {
        fail();
    }
    return pointer;
}

EXPORT void free(void *pointer) {
    if (!pointer) {
        return;
    }
    lock_take();
    size_t size = size_of(pointer);
    if (fill) {
        set(pointer, (unsigned char)~fill, size);
    }
    if (small_owns(pointer)) {
        small_give(pointer);
    } else {
        large_give(pointer, fill);
    }
    lock_give();
}

EXPORT size_t malloc_usable_size(void *pointer) {
    if (!pointer) {
        return 0;
    }
    lock_take();
    size_t size = size_of(pointer);
    lock_give();
    return size;
}

EXPORT void *realloc(void *pointer, size_t size) {
    if (!pointer) {
        return malloc(size);
    }
    if (!size) {
        free(pointer);
        return NULL;
    }
    size_t former = malloc_usable_size(pointer);
    if (size <= former && size >= former / 2) {
        return pointer;
    }
    /* A large one that grows is likely to grow again. */
    size_t wanted = size > former && size > SMALL_MAX ? size + size / 4 : size;
    void *moved = take(wanted, 16, 0);
    if (!moved) {
        fail();
        return NULL;
    }
    copy(moved, pointer, former < size ? former : size);
    free(pointer);
    return moved;
}

EXPORT int posix_memalign(void **place, size_t alignment, size_t size) {
    if (alignment < sizeof(void *) || (alignment & (alignment - 1))) {
        return EINVAL;
    }
    void *pointer = take(size, alignment, 0);
    if (!pointer) {
        return ENOMEM;
    }
    *place = pointer;
    return 0;
}

EXPORT void *memalign(size_t alignment, size_t size) {
    size_t power = 16;
    while (power < alignment && power < PTRDIFF_MAX / 2) {
        power *= 2;
    }
    void *pointer = take(size, power, 0);
    if (!pointer) {
        fail();
    }
    return pointer;
}

EXPORT void *aligned_alloc(size_t alignment, size_t size) {
    return memalign(alignment, size);
}

EXPORT void *valloc(size_t size) {
    return memalign(PAGE, size);
}

EXPORT void *pvalloc(size_t size) {
    return memalign(PAGE, (size + PAGE - 1) & -PAGE);
}
