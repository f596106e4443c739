/*
 * Descriptors from the supervisor's socket (injection.py, copies.py): what recvmsg(2) needs, laid
 * out as <sys/socket.h> has it.
 */
#ifndef MVX_FETCH_H
#define MVX_FETCH_H

#include "agent.h"

enum {
    AF_UNIX = 1,
    SOCK_SEQPACKET = 5,
    CLOSE_ON_EXEC = 02000000,
    MSG_CMSG_CLOEXEC = 0x40000000,
};

struct io_vector {
    void *base;
    uint64_t length;
};

struct message_header {
    void *name;
    uint32_t name_length;
    struct io_vector *vectors;
    uint64_t vector_count;
    void *control;
    uint64_t control_length;
    uint32_t flags;
};

struct descriptor_control {
    uint64_t length;
    int32_t level, type;
    int32_t descriptors[VARIANTS_MAX + 1];
};

/* Receive descriptors, closed on exec, from a connected socket: 0 or more, or -errno. */
long receive_descriptors(long socket, struct descriptor_control *control);

#endif
