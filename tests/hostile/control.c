// Requests at the control gate: the supervisor takes them from whoever jumps there.
#include "hostile.h"

static struct task *task(void) { return (struct task *)(base + TASKS_OFFSET); }

// The registers that the agent would have saved: struct user_regs_struct up to ss, at the top of the agent's stack.
struct frame {
    uint64_t r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi;
    uint64_t orig_rax, rip, cs, eflags, rsp, ss;
};

static char *const SHELL[] = {"sh", "-c", "echo taken >escaped", NULL};
static char *const NOTHING[] = {NULL};

static void after(void) {
    puts("after");
    fflush(stdout);
    _exit(7);
}

static struct frame *forge(long number, long a, long b, long c) {
    static char stack[65536] __attribute__((aligned(16)));
    struct frame *frame = (struct frame *)((char *)task() + TASK_SLOT_SIZE - sizeof(struct frame));
    memset(frame, 0, sizeof *frame);
    frame->orig_rax = frame->rax = (uint64_t)number;
    frame->rdi = (uint64_t)a;
    frame->rsi = (uint64_t)b;
    frame->rdx = (uint64_t)c;
    frame->rip = (uint64_t)after;
    frame->rsp = (uint64_t)stack + sizeof stack - 8;
    frame->eflags = 0x202;
    return frame;
}

static void native(long number, long a, long b, long c) {
    forge(number, a, b, c);
    lane(own_index())->number = (uint64_t)number + 1;
    CONTROL(REQUEST_NATIVE, 0, 0, 0);
}

static void native_execve(void) { native(SYS_execve, (long)"/bin/sh", (long)SHELL, (long)NOTHING); }
static void others_execute(void) { execve("/bin/true", (char *const[]){"true", NULL}, NOTHING); }
static void others_execute_shell(void) { execve("/bin/sh", (char *const[]){"sh", "-c", "set", NULL}, NOTHING); }

// The same program and arguments as the others', but a function of the environment's choice that runs first.
static void native_execve_environment(void) {
    native(SYS_execve, (long)"/bin/sh", (long)(char *const[]){"sh", "-c", "set", NULL},
           (long)(char *const[]){"ESCAPED=1", NULL});
}

static void native_fork(void) { native(SYS_fork, 0, 0, 0); }
static void native_write(void) { native(SYS_open, (long)"escaped", O_CREAT | O_WRONLY, 0666); }
static void native_ptrace(void) { native(SYS_ptrace, 0, 0, 0); }
static void native_negative(void) { native(-1, 0, 0, 0); }
static void native_huge(void) { native(0x7fffffffffffffff, 0, 0, 0); }
static void native_clone3_null(void) { native(SYS_clone3, 0, 88, 0); }
static void native_clone3_short(void) { native(SYS_clone3, (long)task(), 8, 0); }
static void native_clone3_huge(void) { native(SYS_clone3, (long)base, -1, 0); }
static void native_clone_bad_stack(void) { native(SYS_clone, 0x1100 | SIGCHLD, 8, 8); }
static void native_sigreturn(void) { native(SYS_rt_sigreturn, 0, 0, 0); }
static void native_execve_bad_pointers(void) { native(SYS_execve, 8, 8, -8); }

static void native_sigreturn_no_stack(void) {
    forge(SYS_rt_sigreturn, 0, 0, 0)->rsp = ~7UL;
    CONTROL(REQUEST_NATIVE, 0, 0, 0);
}

static void native_bad_registers(void) {
    struct frame *frame = forge(SYS_sigaltstack, 0, 0, 0);
    frame->rip = 0xdead000000000000;
    frame->rsp = 0xbeef000000000000;
    frame->eflags = ~0UL;
    frame->cs = frame->ss = 0xffff;
    CONTROL(REQUEST_NATIVE, 0, 0, 0);
}

static void native_to_gate(void) {
    struct frame *frame = forge(SYS_sigaltstack, 0, 0, 0);
    frame->rip = base + image()->gate_traced - 2;
    CONTROL(REQUEST_NATIVE, 0, 0, 0);
}

// The frame is asked for when its page is gone.
static void native_without_frame(void) {
    syscall(SYS_madvise, task(), TASK_SLOT_SIZE, MADV_DONTNEED);
    CONTROL(REQUEST_NATIVE, 0, 0, 0);
}

static void signal_alone(void) { CONTROL(REQUEST_SIGNAL, POINT_ENTRY, 0, 0); }
static void signal_unknown_point(void) { CONTROL(REQUEST_SIGNAL, -1, -1, -1); }
static void signal_interrupted(void) {
    forge(SYS_write, 1, (long)"escaped\n", 8);
    CONTROL(REQUEST_SIGNAL, POINT_INTERRUPTED, 0, 0);
}

static void diverged(void) { CONTROL(REQUEST_DIVERGED, DIVERGENCE_ARGUMENT, 0, 0); }
static void diverged_unknown(void) { CONTROL(REQUEST_DIVERGED, 99, -1, -1); }
static void diverged_far(void) { CONTROL(REQUEST_DIVERGED, DIVERGENCE_CONTENT, 1L << 62, 1L << 62); }
static void timeout_unknown(void) { CONTROL(REQUEST_TIMEOUT, -1, 0, 0); }
static void refused(void) { CONTROL(REQUEST_REFUSED, 1L << 60, 0, 0); }
static void bootstrapped(void) { CONTROL(REQUEST_BOOTSTRAPPED, 0, 0, 0); }
static void bootstrap_failed(void) { CONTROL(REQUEST_BOOTSTRAP_FAILED, 4, -12, 0); }
static void unknown_request(void) { CONTROL(-1, -1, -1, -1); }
static void unknown_small_request(void) { CONTROL(99, 8, 7, 6); }

// A report is made of this: names, positions and counts of the attacker's.
static void diverged_with_rubbish(void) {
    memset(lane(own_index()), 0xa5, LANE_STRIDE);
    memset(task(), 0x5a, sizeof(struct task));
    CONTROL(REQUEST_DIVERGED, DIVERGENCE_CONTENT, 5, 0x7fffffff);
}

static void diverged_with_no_stack(void) {
    __asm__ volatile("mov $8, %%rbp; mov $16, %%rsp; mov %0, %%rdi; mov $39, %%eax; jmp *%1"
                     : : "r"((long)REQUEST_DIVERGED), "r"(base + image()->gate_control - 2) : "rdi", "rax");
}

static void bootstrap_again(void) {
    void (*entry)(void) = (void (*)(void))(base + image()->bootstrap);
    entry();
}

static void enter_with_no_registers(void) {
    __asm__ volatile("xor %%eax, %%eax; xor %%ecx, %%ecx; xor %%esp, %%esp; jmp *%0"
                     : : "r"(base + image()->enter_call) : "rax", "rcx");
}

static void enter_instruction(void) {
    __asm__ volatile("jmp *%0" : : "r"(base + image()->enter_instruction));
}

static void enter_at_random(void) {
    for (uint64_t at = base + image()->enter_call; ; at += 7)
        if (at % 5 == 0)
            __asm__ volatile("mov %0, %%rdi; mov %0, %%rsi; mov %0, %%rax; jmp *%0" : : "r"(at) : "rdi", "rsi", "rax");
}

const struct action actions[] = {
    {"native-execve", native_execve, NULL},
    {"native-execve-swapped", native_execve, others_execute},
    {"native-execve-environment", native_execve_environment, others_execute_shell},
    {"native-fork", native_fork, NULL},
    {"native-write", native_write, NULL},
    {"native-ptrace", native_ptrace, NULL},
    {"native-negative", native_negative, NULL},
    {"native-huge", native_huge, NULL},
    {"native-clone3-null", native_clone3_null, NULL},
    {"native-clone3-short", native_clone3_short, NULL},
    {"native-clone3-huge", native_clone3_huge, NULL},
    {"native-clone-bad-stack", native_clone_bad_stack, NULL},
    {"native-sigreturn", native_sigreturn, NULL},
    {"native-sigreturn-no-stack", native_sigreturn_no_stack, NULL},
    {"native-execve-bad-pointers", native_execve_bad_pointers, NULL},
    {"native-bad-registers", native_bad_registers, NULL},
    {"native-to-gate", native_to_gate, NULL},
    {"native-without-frame", native_without_frame, NULL},
    {"signal-alone", signal_alone, NULL},
    {"signal-unknown-point", signal_unknown_point, NULL},
    {"signal-interrupted", signal_interrupted, NULL},
    {"diverged", diverged, NULL},
    {"diverged-unknown", diverged_unknown, NULL},
    {"diverged-far", diverged_far, NULL},
    {"diverged-with-rubbish", diverged_with_rubbish, NULL},
    {"diverged-with-no-stack", diverged_with_no_stack, NULL},
    {"timeout-unknown", timeout_unknown, NULL},
    {"refused", refused, NULL},
    {"bootstrapped", bootstrapped, NULL},
    {"bootstrap-failed", bootstrap_failed, NULL},
    {"unknown-request", unknown_request, NULL},
    {"unknown-small-request", unknown_small_request, NULL},
    {"bootstrap-again", bootstrap_again, NULL},
    {"enter-with-no-registers", enter_with_no_registers, NULL},
    {"enter-instruction", enter_instruction, NULL},
    {"enter-at-random", enter_at_random, NULL},
    {NULL, NULL, NULL},
};
