/*
 * What the files of the heap library share. It is the allocator that `--diversify heap` preloads:
 * which place an allocation gets, and which freed place is used again, follows from a seed that is
 * each variant's own. Everything else is equal in all variants: how many mappings it makes, in
 * which order and of which size, and what malloc_usable_size says. So addresses of other mappings
 * stay common (src/mvx/placement.py).
 *
 * It needs no C library: what it takes from one, if there is one, is weak. One lock guards all.
 */
#ifndef MVX_HEAP_H
#define MVX_HEAP_H

#include <stddef.h>
#include <stdint.h>

#define PAGE 4096UL

/* system.c */
void *system_map(size_t size, int reserved);
void system_unmap(void *address, size_t size);
void system_protect(void *address, size_t size);
void system_drop(void *address, size_t size);
void lock_take(void);
void lock_give(void);
void lock_renew(void);
void random_seed(uint64_t seed);
uint64_t random_below(uint64_t bound);
void heap_stop(const char *why) __attribute__((noreturn));

/* small.c: up to SMALL_MAX bytes, in slots of runs of one size */
#define SMALL_MAX 16384UL
void *small_take(size_t size);
size_t small_size(const void *pointer);
int small_owns(const void *pointer);
void small_give(void *pointer);

/* large.c: more than that, each between guard pages */
void *large_take(size_t size, size_t alignment);
size_t large_size(const void *pointer);
void large_give(void *pointer, int keep);

#endif
