// In a namespace of processes of one's own numbers begin again: of children, threads, waits, signals and /proc; and
// who is its first process takes the others with it. Made by clone or by unshare, one in the other; and System V
// objects in a namespace of theirs.
#include "check.h"
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/shm.h>
#include <sys/syscall.h>

enum { REFUSED = 99 };

static pthread_mutex_t *robust;
static volatile sig_atomic_t came;

static void note(int number, siginfo_t *information, void *context) {
    (void)context;
    came = number == SIGUSR1 ? information->si_pid : 0;
}

static void *thread(void *unused) {
    (void)unused;
    return (void *)syscall(SYS_gettid);
}

static void *owner(void *unused) {
    CHECK(pthread_mutex_lock(robust) == 0);
    return unused;
}

static void numbers_begin_again(int deeper);

// The /proc of this namespace tells where this process has its stack.
static void looks_at_itself(void) {
    if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) || mount("proc", "/proc", "proc", 0, NULL))
        return;
    char line[512], self[16] = "";
    CHECK(readlink("/proc/self", self, sizeof self - 1) == 1 && *self == '1');
    FILE *maps = fopen("/proc/self/maps", "r");
    int found = 0;
    while (maps && fgets(line, sizeof line, maps)) {
        unsigned long start = 0, end = 0;
        sscanf(line, "%lx-%lx", &start, &end);
        found |= start <= (unsigned long)line && (unsigned long)line < end;
    }
    CHECK(found && fclose(maps) == 0);
}

static int there(unsigned long flags, int deeper) {
    long child = syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0);
    if (child < 0)
        return REFUSED;
    if (!child) {
        if (flags & CLONE_NEWNS)
            looks_at_itself();
        numbers_begin_again(deeper);
        _exit(3);
    }
    CHECK(child > 1);
    return exit_code((pid_t)child);
}

static void numbers_begin_again(int deeper) {
    struct sigaction action = {.sa_sigaction = note, .sa_flags = SA_SIGINFO | SA_RESTART};
    sigaction(SIGUSR1, &action, NULL);
    CHECK(getpid() == 1 && getppid() == 0 && syscall(SYS_gettid) == 1);
    pid_t child = fork();
    if (!child) {
        CHECK(getpid() == 2 && getppid() == 1 && kill(1, SIGUSR1) == 0);
        _exit(5);
    }
    CHECK(child == 2 && exit_code(child) == 5 && came == 2);
    pthread_t one;
    void *number;
    CHECK(pthread_create(&one, NULL, thread, NULL) == 0 && pthread_join(one, &number) == 0 && (long)number == 3);
    CHECK(pthread_create(&one, NULL, owner, NULL) == 0 && pthread_join(one, NULL) == 0);
    CHECK(pthread_mutex_lock(robust) == EOWNERDEAD && pthread_mutex_consistent(robust) == 0);
    CHECK(pthread_mutex_unlock(robust) == 0);
    pid_t left = fork(); // ends with its namespace
    if (!left) {
        for (;;)
            pause();
    }
    CHECK(left == 5 && kill(left, 0) == 0 && kill(6, 0) == -1 && errno == ESRCH);
    if (deeper)
        CHECK(there(CLONE_NEWPID, 0) == 3);
}

int main(void) {
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    robust = mmap(NULL, sizeof *robust, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pthread_mutex_init(robust, &attributes);
    int made = there(CLONE_NEWPID, 1), in_users = there(CLONE_NEWUSER | CLONE_NEWPID, 0);
    int with_mounts = there(CLONE_NEWPID | CLONE_NEWNS, 0);
    CHECK(made == 3 || made == REFUSED);
    CHECK(in_users == 3 || in_users == REFUSED);
    CHECK(with_mounts == 3 || with_mounts == REFUSED);
    if (unshare(CLONE_NEWPID | CLONE_NEWIPC) == 0) {
        CHECK(there(0, 0) == 3);
        int segment = shmget(IPC_PRIVATE, 4096, 0600 | IPC_CREAT);
        char *memory = shmat(segment, NULL, 0);
        CHECK(segment >= 0 && memory != (void *)-1 && shmctl(segment, IPC_RMID, NULL) == 0);
        strcpy(memory, "kept");
        CHECK(strcmp(memory, "kept") == 0 && shmdt(memory) == 0);
        CHECK(fork() == -1 && errno == ENOMEM); // its first process has ended
    } else {
        CHECK(errno == EPERM);
    }
    puts("numbers begin again");
}
