// Calls of the attacker's own choice at the gates and from elsewhere.
#include "hostile.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/uio.h>

static char *const SHELL[] = {"sh", "-c", "echo taken >escaped", NULL};
static char *const NOTHING[] = {NULL};

// Expected to work under --verify=sensitive: the filter lets these numbers pass at the untraced gates, and nobody looks.
static void plain_write(void) {
    long file = PLAIN(SYS_open, "unverified", O_WRONLY | O_CREAT, 0666);
    PLAIN(SYS_write, file, "unverified\n", 11);
}

static void interruptible_write(void) {
    long file = INTERRUPTIBLE(SYS_open, "unverified", O_WRONLY | O_CREAT, 0666);
    INTERRUPTIBLE(SYS_write, file, "unverified\n", 11);
}

static void plain_execve(void) { PLAIN(SYS_execve, "/bin/sh", SHELL, NOTHING); }
static void traced_execve(void) { TRACED(SYS_execve, "/bin/sh", SHELL, NOTHING); }

// The attacker says in its own arena that it is in the call that it makes.
static void traced_execve_announced(void) {
    lane(own_index())->number = SYS_execve + 1;
    TRACED(SYS_execve, "/bin/sh", SHELL, NOTHING);
}

// A call that the others are really in, with arguments of the attacker's: the followers wait in the same call.
static void traced_swapped_argument(void) {
    lane(own_index())->number = SYS_symlink + 1;
    TRACED(SYS_symlink, "x", "escaped");
}

static void traced_write(void) {
    long file = PLAIN(SYS_open, "escaped", O_WRONLY | O_CREAT, 0666);
    if (TRACED(SYS_write, file, "traced\n", 7) != 7)
        PLAIN(SYS_unlink, "escaped");
}

static void plain_fork(void) { PLAIN(SYS_fork); }
static void plain_clone_untraced(void) { PLAIN(SYS_clone, 0x800000 | SIGCHLD, 0, 0, 0, 0); }
static void traced_clone_untraced(void) { TRACED(SYS_clone, 0x800000 | SIGCHLD, 0, 0, 0, 0); }

static void kill_supervisor(void) {
    PLAIN(SYS_kill, getppid(), SIGKILL);
    TRACED(SYS_kill, getppid(), SIGKILL);
    PLAIN(SYS_tgkill, getppid(), getppid(), SIGKILL);
}

static void plain_ptrace(void) {
    MUST_FAIL(PLAIN(SYS_ptrace, 0, 0, 0, 0));
    MUST_FAIL(TRACED(SYS_ptrace, 0, 0, 0, 0));
}

static void plain_prctl(void) {
    struct sock_filter pass = {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW};
    struct sock_fprog filter = {1, &pass};
    MUST_FAIL(PLAIN(SYS_prctl, PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter));
}

static void traced_prctl(void) {
    struct sock_filter pass = {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW};
    struct sock_fprog filter = {1, &pass};
    MUST_FAIL(TRACED(SYS_prctl, PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter));
}

static void plain_setuid(void) { MUST_FAIL(PLAIN(SYS_setresuid, 65533, 65533, 65533)); }
static void plain_io_uring(void) { MUST_FAIL(PLAIN(SYS_io_uring_setup, 1, base + TASKS_OFFSET)); }

static void plain_writev_self(void) {
    char target = 'a', source = 'b';
    struct iovec to = {&target, 1}, from = {&source, 1};
    MUST_FAIL(PLAIN(SYS_process_vm_writev, getpid(), &from, 1, &to, 1, 0));
}

static void plain_memory_file(void) {
    long file = PLAIN(SYS_open, "/proc/self/mem", O_RDWR);
    char byte = 1;
    for (unsigned other = 0; file >= 0 && other < variants; other++)
        if (other != own_index() && PLAIN(SYS_pwrite64, file, &byte, 1, arena(other) + 0x700) == 1)
            escaped("another variant's arena was written");
}

static void every_call_at_plain_gate(void) {
    for (long number = 0; number < 480; number++)
        if (number != SYS_exit && number != SYS_exit_group && number != SYS_pause && number != SYS_rt_sigsuspend &&
            number != SYS_vfork)
            PLAIN(number, -1, -1, -1, -1, -1, -1);
}

// The program's own sites

static void normal_prctl_seccomp(void) {
    struct sock_filter pass = {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW};
    struct sock_fprog filter = {1, &pass};
    MUST_FAIL(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter));
    MUST_FAIL(syscall(SYS_seccomp, 1, 0, &filter));
}

static void normal_user_dispatch(void) {
    static char selector;
    MUST_FAIL(prctl(59, 1, 0, 0, &selector));
}

static void normal_tsc(void) { MUST_FAIL(prctl(PR_SET_TSC, PR_TSC_ENABLE)); }
static void normal_io_uring(void) { MUST_FAIL(syscall(SYS_io_uring_setup, 1, base + TASKS_OFFSET)); }

static void normal_writev_self(void) {
    char target = 'a', source = 'b';
    struct iovec to = {&target, 1}, from = {&source, 1};
    MUST_FAIL(syscall(SYS_process_vm_writev, getpid(), &from, 1, &to, 1, 0));
}

static void normal_ptrace(void) { MUST_FAIL(syscall(SYS_ptrace, 0, 0, 0, 0)); }

const struct action actions[] = {
    {"plain-write", plain_write},
    {"interruptible-write", interruptible_write},
    {"plain-execve", plain_execve},
    {"traced-execve", traced_execve},
    {"traced-execve-announced", traced_execve_announced},
    {"traced-swapped-argument", traced_swapped_argument},
    {"traced-write", traced_write},
    {"plain-fork", plain_fork},
    {"plain-clone-untraced", plain_clone_untraced},
    {"traced-clone-untraced", traced_clone_untraced},
    {"kill-supervisor", kill_supervisor},
    {"plain-ptrace", plain_ptrace},
    {"plain-prctl", plain_prctl},
    {"traced-prctl", traced_prctl},
    {"plain-setuid", plain_setuid},
    {"plain-io-uring", plain_io_uring},
    {"plain-writev-self", plain_writev_self},
    {"plain-memory-file", plain_memory_file},
    {"every-call-at-plain-gate", every_call_at_plain_gate},
    {"normal-prctl-seccomp", normal_prctl_seccomp},
    {"normal-user-dispatch", normal_user_dispatch},
    {"normal-tsc", normal_tsc},
    {"normal-io-uring", normal_io_uring},
    {"normal-writev-self", normal_writev_self},
    {"normal-ptrace", normal_ptrace},
    {NULL, NULL},
};
