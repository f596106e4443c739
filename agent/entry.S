/*
 * The agent's doors: how the program's calls come in, and the four places where the kernel is entered.
 *
 * A call comes in by a jump with rax = number, rcx = return address and every other register as the program left it.
 * Nothing is written below the program's rsp (red zone; Go's tiny stacks). The frame has the layout of struct
 * user_regs_struct, so that the supervisor can put a task back into the program with the bytes it reads here. It leaves
 * with rcx = return address and r11 = flags, as the kernel does after `syscall`.
 *
 * gs points at struct task; only the supervisor sets it.
 */
#include "generated/hooks.h"
#include "generated/layout.h"

#define EINTR 4
#define NR_RT_SIGRETURN 15
#define NR_GETPID 39

    .section .header, "a"
    .globl image_start
    .hidden image_start
image_start:
    .quad IMAGE_MAGIC
    .long PROTOCOL_VERSION
    .long image_end - image_start
    .long image_first_end - image_start
    .long bootstrap_entry - image_start
    .long enter_call - image_start
    .long enter_instruction - image_start
    .long map_pages - image_start
    .long enter_rdtsc - image_start
    .long enter_rdtscp - image_start
    .long enter_atomic - image_start
    .long hook_stubs - image_start
    .long gate_plain_after - image_start
    .long gate_test - image_start
    .long gate_interruptible_after - image_start
    .long gate_interrupted - image_start
    .long gate_traced_test - image_start
    .long gate_traced_after - image_start
    .long gate_traced_interrupted - image_start
    .long gate_control_after - image_start
    .long gate_bootstrap_after - image_start
    .long signal_wait - image_start
    .long fault_start - image_start
    .long fault_end - image_start
    .long fault_fixup - image_start

/* The frame's upper part: ss, rsp, eflags, cs. Nothing before pushfq changes a flag. */
.macro leave_program
    mov     %rsp, %gs:OFFSET_TASK_PROGRAM_STACK
    mov     %gs:OFFSET_TASK_STACK, %rsp
    push    $0                                      /* ss */
    push    %gs:OFFSET_TASK_PROGRAM_STACK           /* rsp */
    pushfq                                          /* eflags */
    push    $0                                      /* cs */
.endm

/* The general registers below rip and orig_rax, and the arguments of the C function. */
.macro save_general
    push    %rdi
    push    %rsi
    push    %rdx
    push    %rcx
    push    %rax
    push    %r8
    push    %r9
    push    %r10
    push    %r11
    push    %rbx
    push    %rbp
    push    %r12
    push    %r13
    push    %r14
    push    %r15
    cld
    mov     %rsp, %rdi
    mov     %gs:OFFSET_TASK_SELF, %rsi
.endm

.macro restore_general
    pop     %r15
    pop     %r14
    pop     %r13
    pop     %r12
    pop     %rbp
    pop     %rbx
    pop     %r11
    pop     %r10
    pop     %r9
    pop     %r8
    pop     %rax
    pop     %rcx
    pop     %rdx
    pop     %rsi
    pop     %rdi
.endm

/* (number, array) into the registers of a system call. */
.macro load_arguments
    mov     %rdi, %rax
    mov     40(%rsi), %r9
    mov     32(%rsi), %r8
    mov     24(%rsi), %r10
    mov     16(%rsi), %rdx
    mov     0(%rsi), %rdi
    mov     8(%rsi), %rsi
.endm

    .text

/* A patched rdtsc or rdtscp: rdx, which the instruction overwrites, is the return address. */
    .globl enter_rdtsc
    .hidden enter_rdtsc
enter_rdtsc:
    movl    $INSTRUCTION_RDTSC, %gs:OFFSET_TASK_INSTRUCTION
    mov     %rdx, %gs:OFFSET_TASK_RETURN_ADDRESS
    jmp     enter_instruction

    .globl enter_rdtscp
    .hidden enter_rdtscp
enter_rdtscp:
    movl    $INSTRUCTION_RDTSCP, %gs:OFFSET_TASK_INSTRUCTION
    mov     %rdx, %gs:OFFSET_TASK_RETURN_ADDRESS

/* A trapped instruction (rdtsc): every register is the program's, the return address waits in the task. */
    .globl enter_instruction
    .hidden enter_instruction
enter_instruction:
    leave_program
    push    %gs:OFFSET_TASK_RETURN_ADDRESS
    push    $-1
    save_general
    call    agent_instruction
    /* Leave with every register but rax, rdx (and rcx for rdtscp) as it was. */
    restore_general
    lea     24(%rsp), %rsp
    popfq
    pop     %rsp
    jmp     *%gs:OFFSET_TASK_RETURN_ADDRESS

/*
 * The library's symbols lead to these stubs (hooks.py). At the entry of a function r10 and r11 are nobody's, and rax
 * is the number of vector arguments. While the process has one thread the function is called as if it were not hooked;
 * what manages memory only leaves a note of that.
 */
    .globl hook_stubs
    .hidden hook_stubs
    .p2align 4
hook_stubs:
    .set hook, 0
    .rept HOOKS_COUNT
    .p2align 4
    mov     $hook, %r11d
    jmp     hook_entry
    .set hook, hook + 1
    .endr

hook_entry:
    cmpl    $0, %gs:OFFSET_TASK_PARALLEL
    je      1f
    cmp     $HOOKS_ALLOCATE, %r11d
    jae     2f
    cmpl    $0, %gs:OFFSET_TASK_ALLOCATING
    jne     1f
    pop     %gs:OFFSET_TASK_ALLOCATED
    lea     allocate_return(%rip), %r10
    push    %r10
    movl    $1, %gs:OFFSET_TASK_ALLOCATING
1:  lea     image_start(%rip), %r10
    jmp     *(ORDER_OFFSET + OFFSET_ORDER_FUNCTIONS)(%r10, %r11, 8)
allocate_return:
    movl    $0, %gs:OFFSET_TASK_ALLOCATING
    jmp     *%gs:OFFSET_TASK_ALLOCATED
2:  mov     %r11d, %gs:OFFSET_TASK_HOOK
    leave_program
    push    $0
    push    $-1
    save_general
    call    agent_hook
    jmp     leave_hook

/* A patched atomic instruction of the program: its number waits in the task. */
    .globl enter_atomic
    .hidden enter_atomic
enter_atomic:
    leave_program
    push    $0
    push    $-1
    save_general
    call    agent_atomic
    jmp     leave_hook

/* A hooked function returns: the return address was taken from the stack already. */
    .globl hook_return
    .hidden hook_return
hook_return:
    leave_program
    push    $0
    push    $-1
    save_general
    call    agent_hook_return
leave_hook:
    restore_general
    lea     24(%rsp), %rsp
    popfq
    pop     %rsp
    jmp     *%gs:OFFSET_TASK_RETURN_ADDRESS

    .globl enter_call
    .hidden enter_call
enter_call:
    leave_program
    push    %rcx                                    /* rip */
    push    %rax                                    /* orig_rax */
    save_general
    call    agent_call
    restore_general
    lea     8(%rsp), %rsp                           /* orig_rax */
    pop     %rcx                                    /* rip */
    mov     8(%rsp), %r11                           /* eflags */
    lea     8(%rsp), %rsp                           /* cs */
    popfq
    pop     %rsp
    jmp     *%rcx

/* long gate_plain(long number, const uint64_t *arguments): the agent's own calls; restarted, never given up. */
    .globl gate_plain
    .hidden gate_plain
gate_plain:
    load_arguments
gate_plain_call:
    syscall
gate_plain_after:
    ret

/* void leave_handler(uint64_t stack): a handler ends on its own stack; there is no way back into the agent. */
    .globl leave_handler
    .hidden leave_handler
leave_handler:
    mov     %rdi, %rsp
    mov     $NR_RT_SIGRETURN, %eax
    jmp     gate_plain_call

/*
 * long gate_interruptible(long number, const uint64_t *arguments): the program's calls. A signal that the supervisor
 * stashes between the test and the instruction would be missed by a blocking call: the supervisor then moves rip from
 * [gate_test, syscall] to gate_interrupted (musl's cancellation points work the same way).
 */
    .globl gate_interruptible
    .hidden gate_interruptible
gate_interruptible:
    load_arguments
gate_test:
    cmpl    $1, %gs:OFFSET_TASK_PENDING
    je      gate_interrupted
    syscall
gate_interruptible_after:
    ret
gate_interrupted:
    movl    $1, %gs:OFFSET_TASK_INTERRUPTED
    mov     $-EINTR, %rax
    ret

/* long gate_traced(long number, const uint64_t *arguments): the supervisor verifies the call before it happens. */
    .globl gate_traced
    .hidden gate_traced
gate_traced:
    load_arguments
gate_traced_test:
    cmpl    $1, %gs:OFFSET_TASK_PENDING
    je      gate_traced_interrupted
    syscall
gate_traced_after:
    ret
gate_traced_interrupted:
    movl    $1, %gs:OFFSET_TASK_INTERRUPTED
    mov     $-EINTR, %rax
    ret

/* long gate_control(long request, long a, long b, long c): a request to the supervisor; the kernel sees getpid. */
    .globl gate_control
    .hidden gate_control
gate_control:
    mov     %rcx, %r10
    mov     $NR_GETPID, %eax
    syscall
gate_control_after:
    ret

/*
 * long gate_bootstrap(long number, const uint64_t *arguments): the bootstrap's own mappings, without a stop each. The
 * filter lets them pass here alone; before the program starts, the supervisor overwrites the instruction.
 */
    .globl gate_bootstrap
    .hidden gate_bootstrap
gate_bootstrap:
    load_arguments
    syscall
gate_bootstrap_after:
    ret

/*
 * The supervisor jumps here with rdi = iterations: the variant waits for its own copy of a signal, in place of its next
 * call. Nothing but registers changes, which the supervisor gives back; so it never comes back from the gate.
 */
    .globl signal_wait
    .hidden signal_wait
signal_wait:
    dec     %rdi
    jnz     signal_wait
    mov     $REQUEST_WAITED, %edi
    jmp     gate_control

/*
 * Access to program memory, which may fault at any time. The supervisor moves a fault between fault_start and fault_end
 * to fault_fixup, which returns -1.
 */
    .globl fault_start
    .hidden fault_start
fault_start:

/* long program_copy(void *to, const void *from, size_t count): 0, or -1 on a fault. */
    .globl program_copy
    .hidden program_copy
program_copy:
    mov     %rdx, %rcx
    rep     movsb
    xor     %eax, %eax
    ret

/* long program_compare(const void *program, const void *other, size_t count): the first difference, count if none. */
    .globl program_compare
    .hidden program_compare
program_compare:
    xor     %eax, %eax
1:  lea     8(%rax), %rcx
    cmp     %rdx, %rcx
    ja      2f
    mov     (%rdi,%rax), %r8
    cmp     (%rsi,%rax), %r8
    jne     2f
    mov     %rcx, %rax
    jmp     1b
2:  cmp     %rdx, %rax
    jae     3f
    movzbl  (%rdi,%rax), %r8d
    cmpb    (%rsi,%rax), %r8b
    jne     3f
    inc     %rax
    jmp     2b
3:  ret

/* long program_length(const char *string, size_t limit): strlen, at most limit. */
    .globl program_length
    .hidden program_length
program_length:
    xor     %eax, %eax
1:  cmp     %rsi, %rax
    jae     2f
    cmpb    $0, (%rdi,%rax)
    je      2f
    inc     %rax
    jmp     1b
2:  ret

/* long program_probe(const void *address): 0 when the byte can be read. */
    .globl program_probe
    .hidden program_probe
program_probe:
    movzbl  (%rdi), %eax
    xor     %eax, %eax
    ret

    .globl fault_end
    .hidden fault_end
fault_end:
fault_fixup:
    mov     $-1, %rax
    ret

/* The supervisor jumps here with rdi = struct bootstrap and rsp = the first task's agent stack. */
    .globl bootstrap_entry
    .hidden bootstrap_entry
bootstrap_entry:
    call    agent_bootstrap
    ud2

/* Here with rdi = list of pages, rsi = how many, and rsp = where the agent has nothing. */
    .globl map_pages
    .hidden map_pages
map_pages:
    call    agent_map_pages
    ud2

    .section .note.GNU-stack, "", @progbits
