// Other ways into the kernel, and registers that the agent relies on.
#include "hostile.h"

#include <asm/prctl.h>

static const char *const FILE_NAME = "escaped";
enum { CREATE_32 = 8, MKDIR_32 = 39, EXECVE_32 = 11, X32 = 0x40000000 };

static char *low_copy(const void *content, size_t size, int access) {
    char *copy = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
    if (copy == MAP_FAILED)
        exit(4);
    memcpy(copy, content, size);
    if (access)
        mprotect(copy, 65536, access);
    return copy;
}

static long interrupt_128(long number, long a, long b, long c) {
    long result;
    __asm__ volatile("int $0x80" : "=a"(result) : "a"(number), "b"(a), "c"(b), "d"(c) : "memory", "r8", "r9", "r10", "r11");
    return (int)result;
}

static void interrupt_creates(void) {
    char *name = low_copy(FILE_NAME, strlen(FILE_NAME) + 1, 0);
    MUST_FAIL(interrupt_128(CREATE_32, (long)name, 0666, 0));
    MUST_FAIL(interrupt_128(MKDIR_32, (long)name, 0777, 0));
}

// Number 39 is getpid here, which passes at the gates, and mkdir there.
static void interrupt_at_gate(void) {
    char *name = low_copy(FILE_NAME, strlen(FILE_NAME) + 1, 0);
    static const unsigned char code[] = {0xcd, 0x80, 0xc3};
    char *other = low_copy(code, sizeof code, PROT_READ | PROT_EXEC);
    long result;
    __asm__ volatile("call *%1" : "=a"(result) : "r"(other), "a"(MKDIR_32), "b"(name), "c"(0777), "d"(0) : "memory");
    MUST_FAIL((int)result);
}

static void x32_creates(void) {
    MUST_FAIL(syscall(X32 | SYS_open, FILE_NAME, O_CREAT | O_WRONLY, 0666));
    MUST_FAIL(PLAIN(X32 | SYS_open, FILE_NAME, O_CREAT | O_WRONLY, 0666));
    MUST_FAIL(TRACED(X32 | SYS_open, FILE_NAME, O_CREAT | O_WRONLY, 0666));
    MUST_FAIL(INTERRUPTIBLE(X32 | 520, "/bin/true", 0, 0));
}

static void high_number_bits(void) {
    long result;
    __asm__ volatile("syscall" : "=a"(result) : "a"(0x100000000L | SYS_ptrace), "D"(0), "S"(0), "d"(0) : "rcx", "r11", "memory");
    MUST_FAIL(result);
    MUST_FAIL(PLAIN(0x100000000L | SYS_ptrace, 0, 0, 0));
    MUST_FAIL(PLAIN(-1, 0, 0, 0));
}

// A far jump into the 32-bit segment: there, `int $0x80` and `syscall` are those of a 32-bit program.
static void compatibility_mode(void) {
    char *name = low_copy(FILE_NAME, strlen(FILE_NAME) + 1, 0);
    unsigned char code[64] = {0xb8, CREATE_32, 0, 0, 0, 0xbb};
    uint32_t address = (uint32_t)(uintptr_t)name;
    memcpy(code + 6, &address, 4);
    memcpy(code + 10, "\xb9\xb6\x01\0\0\xcd\x80", 7); // mov $0666, %ecx; int $0x80
    memcpy(code + 17, "\xea\0\0\0\0\x33\0", 7);         // far jump back to 64-bit code
    char *low = low_copy(code, sizeof code, 0);
    char *stack = low_copy("", 1, 0) + 60000;
    uint32_t back = (uint32_t)(uintptr_t)(low + 32);
    memcpy(low + 18, &back, 4);
    memcpy(low + 32, "\x4c\x89\xe4\xc3", 4); // mov %r12, %rsp; ret
    mprotect(low, 65536, PROT_READ | PROT_EXEC);
    static struct {
        uint32_t offset;
        uint16_t segment;
    } __attribute__((packed)) far;
    far.offset = (uint32_t)(uintptr_t)low;
    far.segment = 0x23;
    __asm__ volatile("lea -136(%%rsp), %%r12\n\t"
                     "lea 1f(%%rip), %%rax\n\t"
                     "mov %%rax, (%%r12)\n\t"
                     "mov %0, %%rsp\n\t"
                     "ljmp *%1\n"
                     "1: add $128, %%rsp\n\t"
                     : : "r"(stack), "m"(far) : "rax", "rbx", "rcx", "rdx", "r8", "r9", "r10", "r11", "r12", "memory", "cc");
}

// Pages of the kernel that answer calls without a system call instruction.
static void vsyscall_page(void) {
    long (*time_call)(long *) = (long (*)(long *))0xffffffffff600400;
    long seconds = time_call(NULL);
    if (seconds < 1000000000)
        escaped("no time");
}

static void gs_base(uint64_t value) {
    __asm__ volatile("wrgsbase %0" : : "r"(value));
    puts("on");
    fflush(stdout);
}

static void gs_base_rubbish(void) { gs_base(0x123456789000); }
static void gs_base_zero(void) { gs_base(0); }
static void gs_base_not_canonical(void) {
    __asm__ volatile("wrgsbase %0" : : "r"(0x8000000000000000)); // faults
}

// A task structure of the attacker's: policy, leader, position, watchdog.
static void gs_base_own_task(void) {
    static struct task forged __attribute__((aligned(4096)));
    static char stack[65536] __attribute__((aligned(4096)));
    forged = *(struct task *)(base + TASKS_OFFSET);
    forged.self = (uint64_t)&forged;
    forged.stack = (uint64_t)(stack + sizeof stack);
    forged.policy = POLICY_STREAM;
    forged.variants = 1;
    gs_base((uint64_t)&forged);
}

static void gs_selector(void) {
    __asm__ volatile("mov %0, %%gs" : : "r"(0x2b));
    puts("on");
    fflush(stdout);
}

static void arch_prctl_gs(void) {
    MUST_FAIL(syscall(SYS_arch_prctl, ARCH_SET_GS, 0x1000));
    MUST_FAIL(PLAIN(SYS_arch_prctl, ARCH_SET_GS, 0x1000));
    MUST_FAIL(TRACED(SYS_arch_prctl, ARCH_SET_GS, 0x1000));
    MUST_FAIL(syscall(SYS_arch_prctl, 0x1012, 1)); // ARCH_SET_CPUID
}

static void segment_table(void) {
    uint32_t segment[4] = {0, 0x1000, 0xfffff, 0x51};
    MUST_FAIL(syscall(SYS_modify_ldt, 1, segment, sizeof segment));
    MUST_FAIL(PLAIN(SYS_modify_ldt, 1, segment, sizeof segment));
}

static void direction_flag(void) {
    __asm__ volatile("std");
    syscall(SYS_getppid);
    syscall(SYS_write, 1, "std\n", 4);
    __asm__ volatile("cld");
}

static void trap_flag(void) {
    signal(SIGTRAP, SIG_IGN);
    __asm__ volatile("pushfq; orl $0x100, (%%rsp); popfq; mov $39, %%eax; syscall; pushfq; andl $0xfffffeff, (%%rsp); popfq"
                     : : : "rax", "rcx", "r11", "memory", "cc");
}

static void alignment_check(void) {
    __asm__ volatile("pushfq; orl $0x40000, (%%rsp); popfq; mov $39, %%eax; syscall; pushfq; andl $0xfffbffff, (%%rsp); popfq"
                     : : : "rax", "rcx", "r11", "memory", "cc");
}

// Frames of rt_sigreturn made up by the attacker: to a gate, into the agent, into 32-bit code, to nowhere.
static void return_to(uint64_t rip, uint64_t rax, uint16_t segment) {
    static char stack[16384];
    static struct {
        ucontext_t context;
        char more[1024];
    } frame __attribute__((aligned(16)));
    greg_t *registers = frame.context.uc_mcontext.gregs;
    registers[REG_RIP] = (greg_t)rip;
    registers[REG_RSP] = (greg_t)(stack + sizeof stack - 8);
    registers[REG_RAX] = (greg_t)rax;
    registers[REG_RDI] = (greg_t)FILE_NAME;
    registers[REG_RSI] = 0777;
    registers[REG_EFL] = 0x202;
    registers[REG_CSGSFS] = segment | 0x2bL << 48;
    __asm__ volatile("mov %0, %%rsp; mov $15, %%eax; syscall" : : "r"(&frame) : "memory");
}

static void return_to_gate(void) { return_to(base + image()->gate_traced - 2, SYS_mkdir, 0x33); }
static void return_to_control(void) { return_to(base + image()->gate_control - 2, SYS_mkdir, 0x33); }
static void return_to_agent(void) { return_to(base + image()->enter_call, SYS_mkdir, 0x33); }
static void return_to_compatibility(void) { return_to(0x1000, MKDIR_32, 0x23); }
static void return_to_nowhere(void) { return_to(0xdead, 0, 0x33); }
static void return_not_canonical(void) { return_to(0x8000000000000000, 0, 0x33); }
static void return_to_kernel_segment(void) { return_to((uint64_t)return_to_nowhere, 0, 0x10); }
static void return_without_frame(void) { __asm__ volatile("mov $8, %rsp; mov $15, %eax; syscall"); }

const struct action actions[] = {
    {"interrupt-creates", interrupt_creates, NULL},
    {"interrupt-at-gate", interrupt_at_gate, NULL},
    {"x32-creates", x32_creates, NULL},
    {"high-number-bits", high_number_bits, NULL},
    {"compatibility-mode", compatibility_mode, NULL},
    {"vsyscall-page", vsyscall_page, NULL},
    {"gs-base-rubbish", gs_base_rubbish, NULL},
    {"gs-base-zero", gs_base_zero, NULL},
    {"gs-base-not-canonical", gs_base_not_canonical, NULL},
    {"gs-base-own-task", gs_base_own_task, NULL},
    {"gs-selector", gs_selector, NULL},
    {"arch-prctl-gs", arch_prctl_gs, NULL},
    {"segment-table", segment_table, NULL},
    {"direction-flag", direction_flag, NULL},
    {"trap-flag", trap_flag, NULL},
    {"alignment-check", alignment_check, NULL},
    {"return-to-gate", return_to_gate, NULL},
    {"return-to-control", return_to_control, NULL},
    {"return-to-agent", return_to_agent, NULL},
    {"return-to-compatibility", return_to_compatibility, NULL},
    {"return-to-nowhere", return_to_nowhere, NULL},
    {"return-not-canonical", return_not_canonical, NULL},
    {"return-to-kernel-segment", return_to_kernel_segment, NULL},
    {"return-without-frame", return_without_frame, NULL},
    {NULL, NULL, NULL},
};
