/*
 * Pages for trampolines: the bootstrap maps them, or the supervisor lets a stopped task map them
 * where it wants them, several at once, and puts it back to where it was. They are empty, and
 * nobody but the supervisor can write them (through /proc/PID/mem), so the filter lets the call
 * pass.
 */
#include <asm/unistd_64.h>
#include <linux/mman.h>

#include "agent.h"

void place_pages(uint64_t *pages, uint64_t count) {
    for (uint64_t i = 0; i < count; i++) {
        pages[i] =
            (uint64_t)plain(__NR_mmap, pages[i], PAGE, PROT_READ | PROT_EXEC,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, (uint64_t)-1, 0);
    }
}

__attribute__((used)) void agent_map_pages(uint64_t *pages, uint64_t count) {
    place_pages(pages, count);
    for (;;) {
        gate_control(REQUEST_MAPPED, 0, 0, 0);
    }
}
