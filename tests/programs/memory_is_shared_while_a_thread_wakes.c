// A process begins to share memory with others while one of its threads comes out of a wait.
#include "check.h"
#include <linux/futex.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static int word;

static void *waiter(void *unused) {
    while (!__atomic_load_n(&word, __ATOMIC_ACQUIRE)) {
        syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
    }
    return unused;
}

static int share_and_wake(void) {
    char name[] = "shared-XXXXXX";
    int fd = mkstemp(name);
    pthread_t thread;
    CHECK(fd >= 0 && unlink(name) == 0 && ftruncate(fd, 4096) == 0);
    CHECK(pthread_create(&thread, NULL, waiter, NULL) == 0);
    usleep(2000);
    __atomic_store_n(&word, 1, __ATOMIC_RELEASE);
    syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
    char *shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    CHECK(shared != MAP_FAILED);
    shared[0] = 1;
    CHECK(pthread_create(&thread, NULL, waiter, NULL) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
    return 0;
}

int main(void) {
    for (int round = 0; round < 20; round++) {
        pid_t child = fork();
        if (child == 0) {
            _exit(share_and_wake());
        }
        CHECK(exit_code(child) == 0);
    }
    puts("ok");
}
