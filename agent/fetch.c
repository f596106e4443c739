/*
 * A descriptor from the supervisor (src/mvx/handover.py).
 */
#include <asm/unistd_64.h>

#include "fetch.h"

enum { EBADF = 9, NOTHING = 0, ADDRESS_SIZE = 128 };

long receive_descriptors(long socket, struct descriptor_control *control) {
    char byte;
    struct io_vector vector = {&byte, 1};
    struct message_header header = {
        .vectors = &vector,
        .vector_count = 1,
        .control = control,
        .control_length = sizeof *control,
    };
    return plain(__NR_recvmsg, (uint64_t)socket, (uint64_t)&header, MSG_CMSG_CLOEXEC, 0, 0, 0);
}

/* What the supervisor has for this task, about a file of its own in the leader; -EBADF if it has
 * nothing. Closed on exec. The lock is held. */
int64_t fetch(int64_t file) {
    uint64_t address[ADDRESS_SIZE / 8];
    long size = gate_control(REQUEST_FETCH, (long)address, file, 0);
    if (size <= 0) {
        return size == NOTHING ? -EBADF : size;
    }
    long socket = plain(__NR_socket, AF_UNIX, SOCK_SEQPACKET | CLOSE_ON_EXEC, 0, 0, 0, 0);
    if (socket < 0) {
        return socket;
    }
    struct descriptor_control control;
    long result = plain(__NR_connect, (uint64_t)socket, (uint64_t)address, (uint64_t)size, 0, 0, 0);
    if (!result) {
        result = gate_control(REQUEST_FETCH, 0, file, 0);
    }
    if (!result) {
        result = receive_descriptors(socket, &control);
    }
    plain(__NR_close, (uint64_t)socket, 0, 0, 0, 0, 0);
    return result < 0 ? result : control.descriptors[0];
}
