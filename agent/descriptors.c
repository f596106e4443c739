/*
 * Descriptors: what each number is kept as, and how followers come to hold the same numbers as the
 * leader.
 *
 * A follower holds a placeholder (an eventfd that nobody uses) where the leader holds a socket, a
 * pipe, a terminal or a file it only writes. Of a regular file, directory or stateless device it
 * holds a read-only open of the same inode, so that it can be mapped, entered or executed; reads
 * still come from the leader. What is mapped of other files comes from the leader, too
 * (src/mvx/copies.py). Files that describe the address space
 * (/proc/self/maps) are each variant's own. Since every variant opens and closes in the same order,
 * the lowest free number is the right one almost always; after a race between threads it is moved.
 */
#include <asm/stat.h>
#include <asm/unistd_64.h>
#include <linux/fcntl.h>
#include <linux/futex.h>

#include "agent.h"

enum {
    TYPE_MASK = 0170000,
    TYPE_DIRECTORY = 0040000,
    TYPE_DEVICE = 0020000,
    TYPE_REGULAR = 0100000,
    DEVICE_NULL = 0x103,
    DEVICE_ZERO = 0x105,
    DEVICE_FULL = 0x107,
    EACCES = 13,
    EBADF = 9,
    NAPS = 2000,
    PATH_SIZE = 256,
};

uint16_t *descriptor_entry(const struct task *task, int64_t number) {
    if (number < 0 || number >= DESCRIPTORS_MAX) {
        return NULL;
    }
    return (uint16_t *)task->descriptors + number;
}

uint8_t descriptor_kept(const struct task *task, int64_t number) {
    const uint16_t *entry = descriptor_entry(task, number);
    return entry ? *entry & KEPT_MASK : KEPT_ONCE;
}

void descriptor_set(struct task *task, int64_t number, uint8_t kept) {
    uint16_t *entry = descriptor_entry(task, number);
    if (entry) {
        *entry = kept;
    }
}

void descriptor_copy(struct task *task, int64_t from, int64_t to) {
    const uint16_t *source = descriptor_entry(task, from);
    uint16_t *entry = descriptor_entry(task, to);
    if (entry) {
        *entry = source ? *source : KEPT_ONCE;
    }
}

static uint32_t *lock_of(void) {
    return (uint32_t *)(uint64_t)(image_start + SHARED_STATE_OFFSET);
}

void process_lock(struct task *task) {
    (void)task;
    while (__atomic_exchange_n(lock_of(), 1, __ATOMIC_ACQUIRE)) {
        plain(__NR_sched_yield, 0, 0, 0, 0, 0, 0);
    }
}

void process_unlock(struct task *task) {
    (void)task;
    __atomic_store_n(lock_of(), 0, __ATOMIC_RELEASE);
}

/* Whether a number is free, or becomes so when another thread has closed it; the lock is held. */
static int becomes_free(struct task *task, int64_t number) {
    struct stat status;
    struct {
        int64_t seconds, nanoseconds;
    } nap = {0, 1000000};
    uint32_t nobody = 0;
    for (int turn = 0; turn < NAPS; turn++) {
        if (plain(__NR_fstat, (uint64_t)number, (uint64_t)&status, 0, 0, 0, 0) == -EBADF) {
            return 1;
        }
        process_unlock(task);
        plain(__NR_futex, (uint64_t)&nobody, FUTEX_WAIT, 0, (uint64_t)&nap, 0, 0);
        process_lock(task);
    }
    return 0;
}

/* Move a descriptor to the number that the leader got, where nothing may be: a leader that has been
 * taken over could replace the program's other files. The lock is held. */
void descriptor_move(struct task *task, int64_t from, int64_t to, int close_on_exec) {
    if (from < 0 || from == to) {
        return;
    }
    uint64_t flags = close_on_exec ? O_CLOEXEC : 0;
    if (!becomes_free(task, to) ||
        plain(__NR_dup3, (uint64_t)from, (uint64_t)to, flags, 0, 0, 0) < 0) {
        call_diverged(NULL, DIVERGENCE_INTEGRITY, 0, to);
    }
    plain(__NR_close, (uint64_t)from, 0, 0, 0, 0, 0);
}

/* A new descriptor of the leader, kept as ONCE (or EPOLL): followers put a placeholder at its
 * number. */
void descriptor_arrived(struct task *task, int64_t number, int close_on_exec) {
    if (!is_leader(task)) {
        process_lock(task);
        descriptor_move(task, plain(__NR_eventfd2, 0, close_on_exec ? O_CLOEXEC : 0, 0, 0, 0, 0),
                        number, close_on_exec);
        process_unlock(task);
    }
    descriptor_set(task, number, KEPT_ONCE);
}

/* The name by which the kernel knows the process's descriptor: up to 25 bytes. */
void descriptor_link(int64_t number, char *link) {
    static const char folder[] = "/proc/self/fd/";
    copy(link, folder, sizeof folder - 1);
    char *end = link + sizeof folder - 1;
    char digits[12];
    int count = 0;
    do {
        digits[count++] = (char)('0' + number % 10);
    } while (number /= 10);
    while (count) {
        *end++ = digits[--count];
    }
    *end = 0;
}

/* The name of an open file as the kernel knows it; returns its length. */
static long name_of(int64_t number, char *name) {
    char link[32];
    descriptor_link(number, link);
    long length = plain(__NR_readlink, (uint64_t)link, (uint64_t)name, PATH_SIZE - 1, 0, 0, 0);
    name[length < 0 ? 0 : length] = 0;
    return length;
}

static int same(const char *a, const char *b) {
    while (*a && *a == *b) {
        a++, b++;
    }
    return *a == *b;
}

/* "/proc/<pid>/maps" → "maps", also behind task/<tid>/; NULL for other names. */
static const char *process_file(const char *name) {
    for (const char *prefix = "/proc/"; *prefix; prefix++, name++) {
        if (*name != *prefix) {
            return NULL;
        }
    }
    const char *file = NULL;
    for (; *name; name++) {
        if (*name == '/') {
            file = name + 1;
        }
    }
    return file;
}

/*
 * Files of /proc/PID whose content is the variant's own address space. Those that count pages
 * (smaps, statm) come from the leader: programs compute with the numbers. Returns its number as the
 * supervisor counts them (src/mvx/joining.py), or 0.
 */
static int is_own(const char *file) {
    static const char names[][10] = {"maps", "numa_maps", "auxv", "pagemap"};
    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (same(file, names[i])) {
            return (int)i + 1;
        }
    }
    return 0;
}

static uint32_t number_in(const char *name) {
    uint32_t number = 0;
    for (; *name >= '0' && *name <= '9'; name++) {
        number = number * 10 + (uint32_t)(*name - '0');
    }
    return number;
}

/* Whether a name in /proc is of this process; a mount of another PID namespace has another number
 * for it. */
static int names_task(const char *name, uint32_t pid) {
    char own[PATH_SIZE] = "";
    if (number_in(name + 6) == pid) {
        return 1;
    }
    plain(__NR_readlink, (uint64_t)"/proc/self", (uint64_t)own, PATH_SIZE - 1, 0, 0, 0);
    return number_in(own) == number_in(name + 6) && *own;
}

/* Leader: a file that says that the process is traced gives way to one that does not
 * (src/mvx/views.py). */
static void view(struct call *call) {
    process_lock(call->task);
    int64_t number = fetch(call->result);
    if (number >= 0) {
        uint64_t flags = open_flags(call) & O_CLOEXEC;
        plain(__NR_dup3, (uint64_t)number, (uint64_t)call->result, flags, 0, 0, 0);
        plain(__NR_close, (uint64_t)number, 0, 0, 0, 0, 0);
        call->kept = KEPT_VIEW;
    }
    process_unlock(call->task);
}

/* Leader: before a read of such a file: at its start the kernel makes its content anew. (Whether a
 * read is at the start, the supervisor sees.) */
void view_again(const struct call *call) {
    int is_read = call->number == __NR_read || call->number == __NR_readv;
    int is_positioned = call->number == __NR_pread64 || call->number == __NR_preadv;
    if ((is_read || (is_positioned && !call->arguments[3])) &&
        descriptor_kept(call->task, (int32_t)call->arguments[0]) == KEPT_VIEW) {
        gate_control(REQUEST_REREAD, (long)call->arguments[0], is_positioned, 0);
    }
}

/* Whether followers cannot open a file for reading, since the program does not, or has no name of
 * it. */
static int is_unseen(uint64_t flags) {
    return (flags & O_ACCMODE) == O_WRONLY || (flags & __O_TMPFILE) == __O_TMPFILE;
}

/* Leader: decide what a file just opened is kept as. /proc/PID/mem would let a program write over
 * the agent: refused. */
static void classify(struct call *call) {
    struct stat status;
    if (plain(__NR_fstat, (uint64_t)call->result, (uint64_t)&status, 0, 0, 0, 0)) {
        return;
    }
    uint32_t type = status.st_mode & TYPE_MASK;
    int stateless =
        type == TYPE_DEVICE && (status.st_rdev == DEVICE_NULL || status.st_rdev == DEVICE_ZERO ||
                                status.st_rdev == DEVICE_FULL);
    call->kept =
        type == TYPE_REGULAR || type == TYPE_DIRECTORY || stateless ? KEPT_MAPPED : KEPT_ONCE;
    call->device = status.st_dev;
    call->inode = status.st_ino;
    if (type == TYPE_REGULAR && is_unseen(open_flags(call))) {
        call->kept = KEPT_UNSEEN;
    }
    if (type != TYPE_REGULAR || status.st_size) {
        return;
    }
    char name[PATH_SIZE];
    name_of(call->result, name);
    const char *file = process_file(name);
    if (!file) {
        return;
    }
    if (same(file, "mem")) {
        plain(__NR_close, (uint64_t)call->result, 0, 0, 0, 0, 0);
        call->result = -EACCES;
        return;
    }
    call->kept = is_own(file) && names_task(name, call->task->pid) ? KEPT_OWN : KEPT_ONCE;
    if (same(file, "status") || (same(file, "stat") && !names_task(name, call->task->pid))) {
        view(call);
    }
}

/* The flags of a call that opens a file. */
uint64_t open_flags(const struct call *call) {
    uint64_t flags = O_CREAT | O_WRONLY | O_TRUNC;
    switch (call->number) {
    case __NR_open:
        flags = call->arguments[1];
        break;
    case __NR_openat:
        flags = call->arguments[2];
        break;
    case __NR_openat2:
        if (program_copy(&flags, (const void *)call->arguments[2], sizeof flags)) {
            flags = 0;
        }
        break;
    }
    return flags;
}

/* Whether a descriptor is of a directory of this very process in /proc: where the leader has its
 * own, a follower has its own, too. */
static int is_of_process(int64_t number) {
    char name[PATH_SIZE] = "", own[PATH_SIZE] = "";
    plain(__NR_readlink, (uint64_t)"/proc/self", (uint64_t)own, PATH_SIZE - 1, 0, 0, 0);
    name_of(number, name);
    const char *part = "/proc/";
    const char *rest = name;
    while (*part && *rest == *part) {
        rest++, part++;
    }
    if (*part || !*own) {
        return 0;
    }
    for (part = own; *part && *rest == *part; part++) {
        rest++;
    }
    return !*part && (!*rest || *rest == '/');
}

/* Follower: open the same file again for reading, if it still is the same file. */
static int64_t open_again(struct call *call) {
    int is_relative = call->number == __NR_openat || call->number == __NR_openat2;
    uint64_t directory = is_relative ? call->arguments[0] : (uint64_t)AT_FDCWD;
    uint64_t path = call->arguments[is_relative ? 1 : 0];
    uint64_t flags = (uint32_t)open_flags(call);
    char own_path[PATH_SIZE] = "/proc/self/";
    if (call->kept == KEPT_OWN) {
        char name[PATH_SIZE];
        long length = program_length((const char *)path, PATH_SIZE - 1);
        if (length < 0 || program_copy(name, (const void *)path, (size_t)length + 1)) {
            return -1;
        }
        const char *file = name;
        for (const char *c = name; *c; c++) {
            file = *c == '/' ? c + 1 : file;
        }
        if (!is_own(file)) {
            call_diverged(call, DIVERGENCE_INTEGRITY, 0, call->kept);
        }
        copy(own_path + 11, file, (size_t)(name + length + 1 - file));
        path = (uint64_t)own_path;
    }
    flags &= O_DIRECTORY | O_NOFOLLOW | O_PATH | O_CLOEXEC;
    flags |= call->kept == KEPT_MAPPED ? watched_flags(call->task) : 0;
    int64_t number = plain(__NR_openat, directory, path, flags | O_RDONLY | O_NONBLOCK, 0, 0, 0);
    if (call->kept == KEPT_OWN) {
        /* /proc may be that of the leader's PID namespace, in which the follower is not. */
        return number < 0 ? fetch(is_own(own_path + 11)) : number;
    }
    if (number < 0) {
        return number;
    }
    struct stat status;
    if (call->pardoned) {
        return number; /* each variant's file is another one */
    }
    int is_known = !plain(__NR_fstat, (uint64_t)number, (uint64_t)&status, 0, 0, 0, 0) &&
                   status.st_dev == call->device;
    if (!is_known || (status.st_ino != call->inode &&
                      ((status.st_mode & TYPE_MASK) != TYPE_DIRECTORY || !is_of_process(number)))) {
        plain(__NR_close, (uint64_t)number, 0, 0, 0, 0, 0);
        return -1;
    }
    return number;
}

static int opens_close_on_exec(const struct call *call) {
    return !!(open_flags(call) & O_CLOEXEC);
}

/* open, openat, openat2, creat: after the leader's result is known. */
void open_finish(struct call *call) {
    struct task *task = call->task;
    if (call->executor == EXECUTOR_LOCAL) {
        if (!is_error(call->result)) {
            descriptor_set(task, call->result, KEPT_OWN);
        }
        return;
    }
    if (is_leader(task) && !is_error(call->result)) {
        classify(call);
    }
    if (is_error(call->result)) {
        return;
    }
    if (is_leader(task) || call->kept == KEPT_ONCE || call->kept == KEPT_UNSEEN ||
        call->kept == KEPT_VIEW) {
        descriptor_arrived(task, call->result, opens_close_on_exec(call));
        descriptor_set(task, call->result, call->kept);
        return;
    }
    if (call->kept != KEPT_MAPPED && call->kept != KEPT_OWN) {
        call_diverged(call, DIVERGENCE_INTEGRITY, 0, call->kept);
    }
    process_lock(task);
    int64_t number = open_again(call);
    if (number >= 0) {
        descriptor_move(task, number, call->result, opens_close_on_exec(call));
    }
    process_unlock(task);
    if (number < 0) {
        descriptor_arrived(task, call->result, opens_close_on_exec(call));
    }
    descriptor_set(task, call->result, call->kept);
}
