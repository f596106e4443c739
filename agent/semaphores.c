/*
 * semctl with GETALL and SETALL: an array with a number for each semaphore of a set. How many there
 * are only the kernel knows: each variant asks it.
 */
#include <asm/unistd_64.h>

#include "agent.h"

enum { COMMAND_MASK = 0xff, IPC_STAT = 2, GETALL = 13, SETALL = 17, STATUS_WORDS = 13, COUNT = 10 };

static int is_command(const struct call *call, uint32_t command) {
    return call->number == __NR_semctl && (call->arguments[2] & COMMAND_MASK) == command;
}

/* struct semid64_ds of <asm/sembuf.h>: sem_nsems is its eleventh word. */
static uint32_t array_bytes(const struct call *call) {
    uint64_t status[STATUS_WORDS];
    long result = plain(__NR_semctl, call->arguments[0], 0, IPC_STAT, (uint64_t)status, 0, 0);
    return result ? 0 : (uint32_t)status[COUNT] * (uint32_t)sizeof(uint16_t);
}

int semaphores_inputs(struct call *call) {
    if (!is_command(call, SETALL)) {
        return 0;
    }
    block_input(call, 3, (const void *)call->arguments[3], array_bytes(call));
    return 1;
}

int semaphores_outputs(struct call *call) {
    if (!is_command(call, GETALL) || is_error(call->result)) {
        return 0;
    }
    uint32_t count = array_bytes(call);
    block_output(call, (void *)call->arguments[3], count, count);
    return 1;
}
