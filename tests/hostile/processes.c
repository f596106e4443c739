// Births and execs as nobody means them: odd flags and pointers, children that do rubbish, a 32-bit program.
#include "hostile.h"

#include <elf.h>
#include <linux/sched.h>

static char child_stack[65536] __attribute__((aligned(16)));

static int nothing(void *unused) {
    (void)unused;
    return 0;
}

static int writes(void *unused) {
    (void)unused;
    return (int)syscall(SYS_write, 1, "child\n", 6) - 6;
}

static void await_all(void) {
    while (waitpid(-1, NULL, __WALL) > 0)
        ;
}

static void born(int flags) {
    if (clone(writes, child_stack + sizeof child_stack, flags, NULL) < 0)
        printf("errno %d\n", errno);
    await_all();
    fflush(stdout);
}

static void clone_untraced(void) { born(CLONE_UNTRACED | SIGCHLD); }
static void clone_memory(void) { born(CLONE_VM | SIGCHLD); }
static void clone_memory_files(void) { born(CLONE_VM | CLONE_FILES | SIGCHLD); }
static void clone_vfork(void) { born(CLONE_VM | CLONE_VFORK | SIGCHLD); }
static void clone_no_signal(void) { born(0); }
static void clone_parent(void) { born(CLONE_PARENT | SIGCHLD); }
static void clone_ptrace(void) { born(CLONE_PTRACE | SIGCHLD); }
static void clone_namespaces(void) { born(CLONE_NEWUSER | CLONE_NEWPID | SIGCHLD); }
static void clone_invalid(void) { born(CLONE_SIGHAND | SIGCHLD); }
static void clone_handlers_cleared(void) { born(CLONE_FS | CLONE_IO | CLONE_SYSVSEM | SIGCHLD); }

static void clone3_with(struct clone_args *arguments, size_t size) {
    long result = syscall(SYS_clone3, arguments, size);
    if (result == 0)
        _exit(0);
    printf("%d\n", result > 0 ? 0 : errno);
    fflush(stdout);
    await_all();
}

static void clone3_arguments(void) {
    struct clone_args arguments = {.exit_signal = SIGCHLD};
    clone3_with(NULL, 88);
    clone3_with((void *)8, 88);
    clone3_with((void *)base, 88);
    clone3_with((void *)-8L, 88);
    clone3_with(&arguments, 0);
    clone3_with(&arguments, 8);
    clone3_with(&arguments, 63);
    clone3_with(&arguments, 64);
    clone3_with(&arguments, 88);
    clone3_with(&arguments, 4096);
    clone3_with(&arguments, 1UL << 40);
    arguments.flags = CLONE_UNTRACED;
    clone3_with(&arguments, 64);
    arguments.exit_signal = 255;
    clone3_with(&arguments, 64);
}

static void clone3_wants_number(void) {
    pid_t number = 30000;
    struct clone_args arguments = {.exit_signal = SIGCHLD, .set_tid = (uint64_t)&number, .set_tid_size = 1};
    long result = syscall(SYS_clone3, &arguments, sizeof arguments);
    if (result == 0)
        _exit(0);
    await_all();
}

// Threads that come and go while another one executes, and one that never ends.
static void threads_and_exec(void) {
    static char *const words[] = {"true", NULL}, *const none[] = {NULL};
    int flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM;
    clone(nothing, child_stack + sizeof child_stack, flags, NULL);
    execve("/bin/true", words, none);
}

static int kills_the_process(void *unused) {
    (void)unused;
    return (int)kill(getpid(), SIGKILL);
}

static void thread_kills_process(void) {
    int flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM;
    clone(kills_the_process, child_stack + sizeof child_stack, flags, NULL);
    for (;;)
        pause();
}

// A vfork child lives in its parent's memory, agent state included.
static void vfork_rubbish(void) {
    pid_t child = vfork();
    if (child == 0) {
        memset((void *)(base + PROCESS_OFFSET), 0x41, TASKS_OFFSET - PROCESS_OFFSET);
        for (unsigned slot = 0; slot < 8; slot++)
            memset((void *)(base + TASKS_OFFSET + slot * (uint64_t)TASK_SLOT_SIZE), 0x41, TASK_SLOT_SIZE);
        memset(lane(own_index()), 0x41, LANE_HEADER_SIZE);
        _exit(0);
    }
    await_all();
}

static void vfork_returns(void) {
    if (vfork() == 0)
        syscall(SYS_write, 1, "child\n", 6);
    syscall(SYS_exit_group, 0);
}

static void child_scribbles(void) {
    if (fork() == 0) {
        memset((void *)(base + TASKS_OFFSET), 0x41, TASK_SLOT_SIZE);
        memset(arena(own_index()), 0x41, 16 * (size_t)LANE_STRIDE);
        puts("child");
        _exit(0);
    }
    await_all();
}

// The first lane is the parent's: a child has the whole arena of its variant to write.
static void child_forges_parents_lane(void) {
    if (fork() == 0) {
        struct lane *parents = (struct lane *)arena(own_index());
        parents->tail = ~0UL;
        parents->number = SYS_execve + 1;
        _exit(0);
    }
    await_all();
    puts("parent");
    fflush(stdout);
}

static void fork_bomb(void) {
    for (int depth = 0; depth < 6; depth++)
        fork();
    await_all();
    if (getpid() % 2 == 2)
        puts("never");
}

static void crash_in_child(void) {
    if (fork() == 0)
        *(volatile int *)8 = 1;
    await_all();
}

static void exec_bad_pointers(void) {
    MUST_FAIL(syscall(SYS_execve, 8, 8, 8));
    MUST_FAIL(syscall(SYS_execve, -8L, -8L, -8L));
    MUST_FAIL(syscall(SYS_execve, "/bin/true", 8, 0));
    MUST_FAIL(syscall(SYS_execve, "/bin/true", base, 0));
    MUST_FAIL(syscall(SYS_execveat, -1, 0, 0, 0, -1));
}

// A 32-bit program of one segment: creat("escaped", 0666), _exit(0).
static const unsigned char program_32[] = {
    0x7f, 'E', 'L', 'F', 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 3, 0, 1, 0, 0, 0, 0x54, 0x80, 4, 8, 52, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 52, 0, 32, 0, 1, 0, 0, 0, 0, 0, 0, 0,
    1, 0, 0, 0, 0, 0, 0, 0, 0, 0x80, 4, 8, 0, 0x80, 4, 8, 0x7c, 0, 0, 0, 0x7c, 0, 0, 0, 5, 0, 0, 0, 0, 0x10, 0, 0,
    0xb8, 8, 0, 0, 0, 0xbb, 0x74, 0x80, 4, 8, 0xb9, 0xb6, 1, 0, 0, 0xcd, 0x80,
    0xb8, 1, 0, 0, 0, 0x31, 0xdb, 0xcd, 0x80, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 'e', 's', 'c', 'a', 'p', 'e', 'd', 0,
};

static void exec_32_bit(void) {
    static char *const words[] = {"./small", NULL}, *const none[] = {NULL};
    int file = open("small", O_WRONLY | O_CREAT | O_TRUNC, 0755);
    if (write(file, program_32, sizeof program_32) != sizeof program_32)
        exit(4);
    close(file);
    execve("./small", words, none);
    printf("errno %d\n", errno);
}

const struct action actions[] = {
    {"clone-untraced", clone_untraced, NULL},
    {"clone-memory", clone_memory, NULL},
    {"clone-memory-files", clone_memory_files, NULL},
    {"clone-vfork", clone_vfork, NULL},
    {"clone-no-signal", clone_no_signal, NULL},
    {"clone-parent", clone_parent, NULL},
    {"clone-ptrace", clone_ptrace, NULL},
    {"clone-namespaces", clone_namespaces, NULL},
    {"clone-invalid", clone_invalid, NULL},
    {"clone-handlers-cleared", clone_handlers_cleared, NULL},
    {"clone3-arguments", clone3_arguments, NULL},
    {"clone3-wants-number", clone3_wants_number, NULL},
    {"threads-and-exec", threads_and_exec, NULL},
    {"thread-kills-process", thread_kills_process, NULL},
    {"vfork-rubbish", vfork_rubbish, NULL},
    {"vfork-returns", vfork_returns, NULL},
    {"child-scribbles", child_scribbles, NULL},
    {"child-forges-parents-lane", child_forges_parents_lane, NULL},
    {"fork-bomb", fork_bomb, NULL},
    {"crash-in-child", crash_in_child, NULL},
    {"exec-bad-pointers", exec_bad_pointers, NULL},
    {"exec-32-bit", exec_32_bit, NULL},
    {NULL, NULL, NULL},
};
