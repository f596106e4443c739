/*
 * Writes to connections that are made later.
 *
 * The leader waits for its followers before each write that leaves the program. A server that
 * serves many connections in turn makes one after the other, and followers have seldom come as far:
 * each write costs two waits, where a CPU is short two switches. So where more than one connection
 * was ready, a write is *postponed*: its bytes are kept here, the program is told that it was done,
 * and goes on. All that were kept are made, in their order, before the leader makes any call by
 * which somebody could tell the difference, or that may wait; and once the followers have agreed to
 * all of them. So followers are waited for once in a while of many writes.
 *
 * Only what the kernel would certainly have taken at once is postponed: a TCP connection that is
 * established, with room for all of it (TCP_INFO, SO_MEMINFO). Should the peer reset it meanwhile
 * the bytes are lost, as they would have been on their way. If a call that passes finds nothing to
 * read at the other end of such a connection, the writes are made, and it looks again: what a
 * process sends to itself is there at once. Elsewhere nothing is nothing: who has not got the
 * question has not sent the answer natively either; but who looks in vain again and again makes the
 * writes, too. A program that makes no call for long is stopped by the supervisor
 * (src/mvx/postponed.py), and makes them then.
 */
#include <asm/unistd_64.h>
#include <linux/mman.h>

#include "fetch.h"

enum {
    AT_LEAST_READY = 2,
    SIZE_MAX_EACH = 16384,
    VECTORS_MAX = 16,
    SOL_SOCKET = 1,
    SO_MEMINFO = 55,
    MEMINFO_SNDBUF = 3,
    MEMINFO_QUEUED = 5,
    MEMINFO_SIZE = 9,
    OVERHEAD = 4096, /* the kernel counts its own structures, too */
    IPPROTO_TCP = 6,
    TCP_INFO = 11,
    TCP_ESTABLISHED = 1,
    TCP_CLOSE_WAIT = 8,
    TCP_NODELAY = 1,
    TCP_CORK = 3,
    OPTION_SHIFT = 8,
    MSG_DONTWAIT = 0x40,
    MSG_NOSIGNAL = 0x4000,
    O_ACCESS_MODE_OR_NEW = 03 | 0100 | 01000, /* O_ACCMODE, O_CREAT, O_TRUNC */
    O_NONBLOCK = 04000,
    F_GETFL = 3,
    POLLOUT = 4,
    ADDRESS_SIZE = 28, /* struct sockaddr_in6 */
    EINTR = 4,
    EAGAIN = 11,
    ENOTSOCK = 88
};

_Static_assert(sizeof(struct postponed) <= POSTPONED_HEADER_SIZE, "the bytes lie behind it");

static struct postponed *list(void) {
    return (struct postponed *)(uint64_t)(image_start + POSTPONED_OFFSET);
}

static char *bytes(void) {
    return image_start + POSTPONED_OFFSET + POSTPONED_HEADER_SIZE;
}

/* In place of a size: an option of the connection, and the value in the lowest bits. */
#define IS_OPTION 0x80000000U

int postponed_any(void) {
    return list()->count != 0;
}

/* Make one write that was kept, as far as the connection lives. */
static void make(int64_t descriptor, const char *from, uint32_t left) {
    while (left) {
        long done =
            plain(__NR_sendto, (uint64_t)descriptor, (uint64_t)from, left, MSG_NOSIGNAL, 0, 0);
        if (done == -EAGAIN) {
            struct {
                int32_t descriptor;
                int16_t events, happened;
            } wanted = {(int32_t)descriptor, POLLOUT, 0};
            plain(__NR_poll, (uint64_t)&wanted, 1, (uint64_t)-1, 0, 0, 0);
        } else if (done > 0) {
            from += done;
            left -= (uint32_t)done;
        } else if (done != -EINTR) {
            return;
        }
    }
}

void postponed_make(struct task *task) {
    struct postponed *all = list();
    const char *from = bytes();
    lane_publish(task);
    lane_wait_agreed(task);
    for (uint32_t i = 0; i < all->count; i++) {
        uint32_t descriptor = all->writes[2 * i];
        uint32_t size = all->writes[2 * i + 1];
        if (size & IS_OPTION) {
            uint32_t value = size & ((1U << OPTION_SHIFT) - 1);
            plain(__NR_setsockopt, descriptor, IPPROTO_TCP, (size & ~IS_OPTION) >> OPTION_SHIFT,
                  (uint64_t)&value, sizeof value, 0);
        } else {
            make(descriptor, from, size);
            from += size;
        }
    }
    all->used = all->misses = 0;
    __atomic_store_n(&all->count, 0, __ATOMIC_RELEASE);
}

/* Whether a call shows nobody that writes are missing, and waits for nobody. */
int postponed_pass(const struct call *call) {
    const struct task *task = call->task;
    if (task->pending || task->deferred) {
        return 0;
    }
    switch (call->number) {
    case __NR_clock_gettime:
    case __NR_gettimeofday:
    case __NR_time:
    case __NR_stat:
    case __NR_lstat:
    case __NR_fstat:
    case __NR_newfstatat:
    case __NR_statx:
    case __NR_access:
        return 1;
    case __NR_mmap:
        return (call->arguments[3] & (MAP_SHARED | MAP_ANONYMOUS)) == MAP_ANONYMOUS;
    case __NR_brk:
    case __NR_munmap:
    case __NR_madvise:
    case __NR_mremap:
        return 1;
    case __NR_open:
    case __NR_openat:
        return (open_flags(call) & (O_ACCESS_MODE_OR_NEW | O_NONBLOCK)) == O_NONBLOCK;
    case __NR_close:
    case __NR_pread64:
        return descriptor_kept(task, (int32_t)call->arguments[0]) == KEPT_MAPPED;
    case __NR_setsockopt:
        return (int)call->arguments[1] == IPPROTO_TCP &&
               ((int)call->arguments[2] == TCP_NODELAY || (int)call->arguments[2] == TCP_CORK) &&
               descriptor_kept(task, (int32_t)call->arguments[0]) == KEPT_ONCE;
    case __NR_recvfrom:
        if (call->arguments[4]) {
            return 0;
        }
        __attribute__((fallthrough));
    case __NR_read:
    case __NR_write:
    case __NR_writev:
    case __NR_sendto:
    case __NR_sendmsg:
    case __NR_sendfile:
        /* Read without a wait, or postponed, too, or those before are made first. */
        return descriptor_kept(task, (int32_t)call->arguments[0]) == KEPT_ONCE;
    }
    return 0;
}

static long get_option(int64_t descriptor, int level, int name, void *value, uint32_t size) {
    return plain(__NR_getsockopt, (uint64_t)descriptor, (uint64_t)level, (uint64_t)name,
                 (uint64_t)value, (uint64_t)&size, 0);
}

static int is_established(int64_t descriptor) {
    uint8_t state = 0;
    return !get_option(descriptor, IPPROTO_TCP, TCP_INFO, &state, sizeof state) &&
           (state == TCP_ESTABLISHED || state == TCP_CLOSE_WAIT);
}

/* Whether the kernel would take so many bytes now. */
static int has_room(int64_t descriptor, uint64_t size) {
    uint32_t memory[MEMINFO_SIZE];
    if (!is_established(descriptor) ||
        get_option(descriptor, SOL_SOCKET, SO_MEMINFO, memory, sizeof memory)) {
        return 0;
    }
    const struct postponed *all = list();
    for (uint32_t i = 0; i < all->count; i++) {
        if (all->writes[2 * i] == (uint32_t)descriptor && !(all->writes[2 * i + 1] & IS_OPTION)) {
            size += all->writes[2 * i + 1] + OVERHEAD;
        }
    }
    return memory[MEMINFO_QUEUED] + 2 * size + OVERHEAD < memory[MEMINFO_SNDBUF];
}

/* The port of one end of a connection, as getsockname or getpeername tell; 0: there is none. It is
 * at the same place in every family, and the same whether an address is written as IPv4 or IPv6. */
static uint32_t port_of(int64_t descriptor, long number) {
    uint8_t address[ADDRESS_SIZE] = {0};
    uint32_t size = sizeof address;
    plain(number, (uint64_t)descriptor, (uint64_t)address, (uint64_t)&size, 0, 0, 0);
    return (uint32_t)address[2] << 8 | address[3];
}

/* Whether none of the writes that are kept goes to the other end of a connection, as far as ports
 * tell. */
static int is_from_elsewhere(int64_t descriptor) {
    const struct postponed *all = list();
    uint32_t peer = port_of(descriptor, __NR_getpeername);
    for (uint32_t i = 0; i < all->count; i++) {
        if (all->ports[i] == peer && !(all->writes[2 * i + 1] & IS_OPTION)) {
            return 0;
        }
    }
    return peer != 0;
}

/* Copy what a call writes behind what is kept. Returns the number of bytes; 0: it is for the kernel
 * to judge. */
static uint64_t keep(const struct call *call, char *to, uint64_t space) {
    const uint64_t *arguments = call->arguments;
    struct io_vector vectors[VECTORS_MAX];
    uint64_t count = 1;
    vectors[0] = (struct io_vector){(void *)arguments[1], arguments[2]};
    if (call->number == __NR_sendfile) {
        int64_t offset;
        if (descriptor_kept(call->task, (int32_t)arguments[1]) != KEPT_MAPPED ||
            arguments[3] > space || program_copy(&offset, (void *)arguments[2], sizeof offset)) {
            return 0;
        }
        int64_t size =
            plain(__NR_pread64, arguments[1], (uint64_t)to, arguments[3], (uint64_t)offset, 0, 0);
        return size > 0 ? (uint64_t)size : 0;
    }
    if (call->number == __NR_writev || call->number == __NR_sendmsg) {
        struct message_header header = {.vectors = (void *)arguments[1],
                                        .vector_count = arguments[2]};
        if (call->number == __NR_sendmsg &&
            (program_copy(&header, (void *)arguments[1], sizeof header) || header.name ||
             header.control_length || arguments[2] & ~(uint64_t)(MSG_DONTWAIT | MSG_NOSIGNAL))) {
            return 0;
        }
        count = header.vector_count;
        if (count > VECTORS_MAX || program_copy(vectors, header.vectors, count * sizeof *vectors)) {
            return 0;
        }
    } else if (call->number == __NR_sendto &&
               (arguments[4] || arguments[3] & ~(uint64_t)(MSG_DONTWAIT | MSG_NOSIGNAL))) {
        return 0;
    }
    uint64_t size = 0;
    for (uint64_t i = 0; i < count; i++) {
        if (vectors[i].length > space - size ||
            program_copy(to + size, vectors[i].base, vectors[i].length)) {
            return 0;
        }
        size += vectors[i].length;
    }
    return size;
}

/* Leader, before it shows a call: whether the call is postponed. What is kept is not counted yet.
 */
int postponed_begins(struct call *call) {
    struct task *task = call->task;
    struct postponed *all = list();
    int64_t descriptor = (int32_t)call->arguments[0];
    switch (call->number) {
    default:
        return 0;
    case __NR_write:
    case __NR_writev:
    case __NR_sendto:
    case __NR_sendmsg:
    case __NR_sendfile:
        break;
    }
    if (!task->postpones || descriptor_kept(task, descriptor) != KEPT_ONCE) {
        return 0;
    }
    uint64_t space = POSTPONED_BYTES - all->used;
    call->size = 0;
    if (task->ready >= AT_LEAST_READY && all->count < POSTPONED_MAX && !task->pending) {
        call->size = keep(call, bytes() + all->used, space < SIZE_MAX_EACH ? space : SIZE_MAX_EACH);
    }
    if (!call->size || !has_room(descriptor, call->size)) {
        if (all->count) {
            postponed_make(task);
        }
        return 0;
    }
    task->interrupted = 0;
    return 1;
}

/* The call was shown: it counts as made. */
void postponed_ends(struct call *call) {
    struct task *task = call->task;
    struct postponed *all = list();
    int64_t offset;
    if ((call->number == __NR_write || call->number == __NR_sendto) && call->compared[1]) {
        copy(bytes() + all->used, call->compared[1], call->size); /* what others compare */
    }
    all->writes[2 * all->count] = (uint32_t)call->arguments[0];
    all->writes[2 * all->count + 1] = (uint32_t)call->size;
    all->ports[all->count] = port_of((int32_t)call->arguments[0], __NR_getsockname);
    all->used += (uint32_t)call->size;
    all->slot = task->slot;
    int is_first = !all->count && !all->times;
    all->times += !all->count;
    __atomic_store_n(&all->count, all->count + 1, __ATOMIC_RELEASE);
    if (call->number == __NR_sendfile &&
        !program_copy(&offset, (void *)call->arguments[2], sizeof offset)) {
        offset += (int64_t)call->size;
        program_copy((void *)call->arguments[2], &offset, sizeof offset);
    }
    call->result = (int64_t)call->size;
    if (is_first) {
        gate_control(REQUEST_POSTPONES, 0, 0, 0);
    }
}

/* Options that say when the kernel sends what is written keep their place among the writes. */
static int keep_option(struct call *call) {
    struct postponed *all = list();
    uint32_t value;
    if (all->count == POSTPONED_MAX || call->arguments[4] != sizeof value ||
        program_copy(&value, (const void *)call->arguments[3], sizeof value) || value > 1 ||
        !is_established((int32_t)call->arguments[0])) {
        postponed_make(call->task);
        return 0;
    }
    all->writes[2 * all->count] = (uint32_t)call->arguments[0];
    all->writes[2 * all->count + 1] =
        IS_OPTION | (uint32_t)call->arguments[2] << OPTION_SHIFT | value;
    __atomic_store_n(&all->count, all->count + 1, __ATOMIC_RELEASE);
    call->task->interrupted = 0;
    call->result = 0;
    return 1;
}

static int is_nonblocking(const struct call *call) {
    return (call->number == __NR_recvfrom && call->arguments[3] & MSG_DONTWAIT) ||
           plain(__NR_fcntl, call->arguments[0], F_GETFL, 0, 0, 0, 0) & O_NONBLOCK;
}

/* Leader, writes being kept, before it shows a call: whether that was answered without a wait. It
 * reads from a socket, or sets an option. */
int postponed_answer(struct call *call) {
    int is_plain = call->number == __NR_recvfrom && !call->arguments[4];
    if (!postponed_any()) {
        return 0;
    }
    if (call->number == __NR_setsockopt) {
        return keep_option(call);
    }
    if (call->number != __NR_read && !is_plain) {
        return 0;
    }
    uint64_t arguments[ARGUMENTS_MAX];
    copy(arguments, call->arguments, sizeof arguments);
    if (call->number == __NR_read) {
        arguments[3] = arguments[4] = arguments[5] = 0;
    }
    arguments[3] |= MSG_DONTWAIT;
    call->task->interrupted = 0;
    call->result = gate_interruptible(__NR_recvfrom, arguments);
    if (call->result == -EAGAIN && list()->misses++ < call->task->ready && is_nonblocking(call) &&
        is_from_elsewhere((int32_t)call->arguments[0])) {
        return 1;
    }
    if (call->result == -EAGAIN || call->result == -ENOTSOCK || call->result == -EINTR) {
        postponed_make(call->task);
        return 0;
    }
    return 1;
}

/* How many descriptors a wait has found ready. */
void postponed_seen(struct call *call) {
    switch (call->number) {
    case __NR_epoll_wait:
    case __NR_epoll_pwait:
    case __NR_epoll_pwait2:
    case __NR_poll:
    case __NR_ppoll:
    case __NR_select:
    case __NR_pselect6:
        call->task->ready = call->result > 0 ? (uint32_t)call->result : 0;
    }
}
