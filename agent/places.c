/*
 * Where files are mapped that the program leaves to the kernel to place. Files that may hold code
 * go into the variant's zone, others to the same address in all variants (src/mvx/placement.py).
 * The supervisor has written both into a table, so that a loader that maps library after library
 * need not stop for that: what is mapped without the right to be executed harms nobody, wherever it
 * is.
 */
#include <asm/unistd_64.h>
#include <linux/mman.h>

#include "agent.h"

enum { ELF_MAGIC = 0x464c457f };

static struct places *places_here(void) {
    return (struct places *)(uint64_t)(image_start + PLACES_OFFSET);
}

/* Whether the program leaves the place to mvx, and the agent can look into the file itself. Other
 * mappings stop at the filter. */
static int is_free(const struct call *call) {
    uint64_t flags = call->arguments[3];
    return !call->arguments[0] && !(call->arguments[2] & PROT_EXEC) &&
           (flags & (MAP_TYPE | MAP_ANONYMOUS)) == MAP_PRIVATE &&
           call->task->verify != VERIFY_ALL &&
           descriptor_kept(call->task, (int32_t)call->arguments[4]) == KEPT_MAPPED;
}

/* Loaders map the whole span of an ELF file first, and parts of it with the right to be executed
 * later. */
static int may_hold_code(const struct call *call) {
    uint32_t magic = 0;
    long got = plain(__NR_pread64, call->arguments[4], (uint64_t)&magic, sizeof magic, 0, 0, 0);
    return got < 0 || (got == sizeof magic && magic == ELF_MAGIC);
}

void place_file(struct call *call) {
    struct places *places = places_here();
    if (!is_free(call)) {
        return;
    }
    uint64_t index = __atomic_fetch_add(&places->count, 1, __ATOMIC_RELAXED);
    if (may_hold_code(call)) {
        call->arguments[0] = index < CODE_PLACES ? places->code[index] : 0;
    } else {
        call->arguments[0] = index < DATA_PLACES ? places->data + index * PLACE_SIZE : 0;
    }
    call->done = 1;
    call->result = gate_plain(__NR_mmap, call->arguments);
    if (is_error(call->result)) {
        __atomic_fetch_sub(&places->count, 1, __ATOMIC_RELAXED);
    }
}
