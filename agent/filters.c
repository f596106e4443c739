/*
 * Socket filters: setsockopt whose value, a struct sock_fprog of <linux/filter.h>, points to a
 * classic BPF program. The program is compared.
 */
#include <asm/unistd_64.h>
#include <linux/filter.h>

#include "agent.h"

enum { SOL_SOCKET = 1, SO_ATTACH_FILTER = 26, SO_ATTACH_REUSEPORT_CBPF = 51, VALUE = 3 };

int filter_inputs(struct call *call) {
    struct sock_fprog filter;
    int is_filter = (uint32_t)call->arguments[1] == SOL_SOCKET &&
                    ((uint32_t)call->arguments[2] == SO_ATTACH_FILTER ||
                     (uint32_t)call->arguments[2] == SO_ATTACH_REUSEPORT_CBPF);
    if (!is_filter || (uint32_t)call->arguments[4] != sizeof filter ||
        program_copy(&filter, (const void *)call->arguments[VALUE], sizeof filter)) {
        return 0;
    }
    block_input(call, VALUE, filter.filter, filter.len * (uint32_t)sizeof *filter.filter);
    call->compared[VALUE] = NULL; /* the copy is of the program, not of what points to it */
    return 1;
}
