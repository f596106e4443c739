// Calls of the attacker's own choice at the gates and from elsewhere.
#include "hostile.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/stat.h>
#include <sys/uio.h>

static char *const SHELL[] = {"sh", "-c", "echo taken >escaped", NULL};
static char *const NOTHING[] = {NULL};

// Expected to work under --verify=sensitive: the filter lets this number pass at the untraced gates, and nobody looks.
static void plain_effect(void) { PLAIN(SYS_mkdir, "unverified", 0777); }
static void interruptible_effect(void) { INTERRUPTIBLE(SYS_mkdir, "unverified", 0777); }

static void plain_execve(void) { PLAIN(SYS_execve, "/bin/sh", SHELL, NOTHING); }
static void traced_execve(void) { TRACED(SYS_execve, "/bin/sh", SHELL, NOTHING); }

// The attacker says in its own arena that it is in the call that it makes.
static void traced_execve_announced(void) {
    lane(own_index())->number = SYS_execve + 1;
    TRACED(SYS_execve, "/bin/sh", SHELL, NOTHING);
}

// A call that the others are really in, with arguments of the attacker's.
static void others_make_directory(void) { mkdir("harmless", 0777); }
static void others_execute(void) {
    static char *const words[] = {"true", NULL};
    execve("/bin/true", words, NOTHING);
}

static void traced_directory(void) {
    lane(own_index())->number = SYS_mkdir + 1;
    TRACED(SYS_mkdir, "escaped", 0777);
}

static void open_for_writing(void) {
    MUST_FAIL(PLAIN(SYS_open, "escaped", O_CREAT | O_RDWR, 0666));
    MUST_FAIL(PLAIN(SYS_creat, "escaped", 0666));
}

// The gate that let the agent's own mappings pass is gone.
static void bootstrap_prctl(void) {
    struct sock_filter pass = {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW};
    struct sock_fprog filter = {1, &pass};
    MUST_FAIL(BOOTSTRAP(SYS_prctl, PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter));
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

// Signals that a descriptor sends: to the supervisor, when there is something to read.
static void plain_file_owner(void) {
    int ends[2];
    PLAIN(SYS_pipe2, ends, 0);
    MUST_FAIL(PLAIN(SYS_fcntl, ends[0], F_SETOWN, getppid()));
    MUST_FAIL(PLAIN(SYS_fcntl, ends[0], F_SETSIG, SIGKILL));
    PLAIN(SYS_fcntl, ends[0], F_SETFL, O_ASYNC);
    PLAIN(SYS_write, ends[1], "x", 1);
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
    {"plain-effect", plain_effect, NULL},
    {"interruptible-effect", interruptible_effect, NULL},
    {"plain-execve", plain_execve, NULL},
    {"traced-execve", traced_execve, NULL},
    {"traced-execve-announced", traced_execve_announced, NULL},
    {"traced-execve-swapped", traced_execve_announced, others_execute},
    {"traced-directory", traced_directory, NULL},
    {"traced-directory-swapped", traced_directory, others_make_directory},
    {"open-for-writing", open_for_writing, NULL},
    {"bootstrap-prctl", bootstrap_prctl, NULL},
    {"plain-fork", plain_fork, NULL},
    {"plain-clone-untraced", plain_clone_untraced, NULL},
    {"traced-clone-untraced", traced_clone_untraced, NULL},
    {"kill-supervisor", kill_supervisor, NULL},
    {"plain-ptrace", plain_ptrace, NULL},
    {"plain-prctl", plain_prctl, NULL},
    {"traced-prctl", traced_prctl, NULL},
    {"plain-setuid", plain_setuid, NULL},
    {"plain-io-uring", plain_io_uring, NULL},
    {"plain-writev-self", plain_writev_self, NULL},
    {"plain-memory-file", plain_memory_file, NULL},
    {"plain-file-owner", plain_file_owner, NULL},
    {"every-call-at-plain-gate", every_call_at_plain_gate, NULL},
    {"normal-prctl-seccomp", normal_prctl_seccomp, NULL},
    {"normal-user-dispatch", normal_user_dispatch, NULL},
    {"normal-tsc", normal_tsc, NULL},
    {"normal-io-uring", normal_io_uring, NULL},
    {"normal-writev-self", normal_writev_self, NULL},
    {"normal-ptrace", normal_ptrace, NULL},
    {NULL, NULL, NULL},
};
