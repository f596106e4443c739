#ifndef MVX_PROCESSOR_H
#define MVX_PROCESSOR_H

#include "agent.h"

enum { CPU_SEGMENT = 0x7b, PROCESSOR_INTERVAL = 16 };

/* The CPU that runs us: the limit of the segment that the kernel keeps for vDSO getcpu (CPU in the
 * low 12 bits). */
static inline uint32_t processor(void) {
    uint32_t limit;
    __asm__ volatile("lsl %1, %0" : "=r"(limit) : "r"(CPU_SEGMENT) : "cc");
    return limit & 0xfff;
}

/* Tell the others our CPU, now and then: it costs 15 ns, and the line is one that they read at
 * every call. */
static inline void processor_tell(const struct task *task, struct lane *own) {
    if (task->calls % PROCESSOR_INTERVAL == 0) {
        own->processor = processor();
    }
}

void processor_shared(struct task *task, struct lane *own);
void processor_met(struct task *task);

#endif
