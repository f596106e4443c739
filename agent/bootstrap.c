/*
 * The agent's first steps in a new image: fetch the arenas and the rest of the agent over the
 * supervisor's socket, map them, close everything, take the execute right from all but the code,
 * seal the region where the kernel can. Only this file, fetch.c, pages.c and entry.S are there
 * from the beginning (agent.lds).
 */
#include <asm/unistd_64.h>
#include <linux/mman.h>
#include <linux/prctl.h>

#include "fetch.h"

enum { NR_MSEAL = 462, ARCH_SET_CPUID = 0x1012 };

static void fail(long step, long error) {
    for (;;) {
        gate_control(REQUEST_BOOTSTRAP_FAILED, step, error, 0);
    }
}

static long direct(long number, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e) {
    uint64_t arguments[ARGUMENTS_MAX] = {a, b, c, d, e, 0};
    return gate_bootstrap(number, arguments);
}

/* Without it (RLIMIT_AS) the program runs as well, but its anonymous mappings are each variant's
 * own. */
static void put_barrier(uint64_t address, uint64_t size) {
    if (address) {
        direct(__NR_mmap, address, size, PROT_NONE,
               MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, (uint64_t)-1);
    }
}

/* The pages of the agent that the supervisor has not written: whether they are there now. */
static int map_rest(const struct image_header *image, uint64_t descriptor) {
    uint64_t size = image->size - image->first;
    uint64_t arguments[ARGUMENTS_MAX] = {
        (uint64_t)image + image->first,         size,       PROT_READ | PROT_EXEC,
        MAP_PRIVATE | MAP_FIXED | MAP_POPULATE, descriptor, image->first};
    long result = gate_bootstrap(__NR_mmap, arguments);
    plain(__NR_close, descriptor, 0, 0, 0, 0, 0);
    return (uint64_t)result == arguments[0];
}

__attribute__((used)) void agent_bootstrap(struct bootstrap *bootstrap) {
    const struct image_header *image = (const struct image_header *)image_start;
    uint64_t base = (uint64_t)image_start;
    long socket = direct(__NR_socket, AF_UNIX, SOCK_SEQPACKET | CLOSE_ON_EXEC, 0, 0, 0);
    if (socket < 0) {
        fail(1, socket);
    }
    long result = direct(__NR_connect, (uint64_t)socket, (uint64_t)bootstrap->address,
                         bootstrap->address_size, 0, 0);
    if (result < 0) {
        fail(2, result);
    }
    struct descriptor_control control;
    result = receive_descriptors(socket, &control);
    if (result < 0) {
        fail(3, result);
    }
    plain(__NR_close, (uint64_t)socket, 0, 0, 0, 0, 0);
    for (uint32_t variant = 0; variant < bootstrap->variants; variant++) {
        uint64_t access = PROT_READ | (variant == bootstrap->variant ? PROT_WRITE : 0);
        uint64_t address = base + ARENAS_OFFSET + (uint64_t)variant * ARENA_SIZE;
        result = direct(__NR_mmap, address, ARENA_SIZE, access, MAP_SHARED | MAP_FIXED_NOREPLACE,
                        (uint64_t)control.descriptors[variant]);
        if ((uint64_t)result != address) {
            fail(4, result);
        }
        plain(__NR_close, (uint64_t)control.descriptors[variant], 0, 0, 0, 0, 0);
    }
    int is_whole = map_rest(image, (uint64_t)control.descriptors[bootstrap->variants]);
    direct(__NR_prctl, PR_SET_TSC, bootstrap->counter ? PR_TSC_ENABLE : PR_TSC_SIGSEGV, 0, 0, 0);
    /* exec switched it off; where the machine cannot, cpuid answers natively. */
    direct(__NR_arch_prctl, ARCH_SET_CPUID, 0, 0, 0, 0);
    int has_vdso = bootstrap->vdso_moves != 0;
    for (uint32_t i = 0; i < bootstrap->moves; i++) {
        const uint64_t *move = &bootstrap->move[3 * i];
        uint64_t arguments[ARGUMENTS_MAX] = {
            move[0], move[1], move[1], MREMAP_MAYMOVE | MREMAP_FIXED, move[2], 0};
        result = gate_bootstrap(__NR_mremap, arguments);
        int is_moved = (uint64_t)result == move[2];
        if (i + bootstrap->vdso_moves >= bootstrap->moves) {
            has_vdso &= is_moved; /* a kernel may have sealed it */
        } else if (!is_moved) {
            fail(7, result);
        }
    }
    put_barrier(has_vdso ? bootstrap->vdso : 0, bootstrap->vdso_size);
    if (bootstrap->memory_map[0]) {
        /* A kernel without CONFIG_CHECKPOINT_RESTORE keeps its own brk: see placement.py for what
         * that costs. */
        direct(__NR_prctl, PR_SET_MM, PR_SET_MM_MAP, (uint64_t)bootstrap->memory_map,
               sizeof bootstrap->memory_map, 0);
    }
    put_barrier(bootstrap->barrier, bootstrap->barrier_size);
    put_barrier(bootstrap->hole, bootstrap->hole_size);
    place_pages(bootstrap->page, bootstrap->pages);
    uint64_t code = (image->size + PAGE - 1) & ~(PAGE - 1);
    result = direct(__NR_mprotect, base, code, PROT_READ | PROT_EXEC, 0, 0);
    if (result) {
        fail(5, result);
    }
    result = direct(__NR_mprotect, base + code, PRIVATE_SIZE - code, PROT_READ | PROT_WRITE, 0, 0);
    if (result) {
        fail(6, result);
    }
    uint64_t end = ARENAS_OFFSET + (uint64_t)bootstrap->variants * ARENA_SIZE;
    direct(NR_MSEAL, base, PRIVATE_SIZE, 0, 0, 0);
    direct(NR_MSEAL, base + ARENAS_OFFSET, end - ARENAS_OFFSET, 0, 0, 0);
    for (;;) {
        gate_control(REQUEST_BOOTSTRAPPED, has_vdso, is_whole, 0);
    }
}
