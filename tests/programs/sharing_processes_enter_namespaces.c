// A process that shares memory with another, and has one thread, may go into namespaces of its own.
#include "check.h"
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>

static void *wait_there(void *lock) {
    pthread_mutex_lock(lock);
    return NULL;
}

int main(void) {
    int *shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(shared != MAP_FAILED);
    pid_t child = fork();
    if (child == 0) {
        CHECK(unshare(CLONE_FILES) == 0 && unshare(CLONE_FS) == 0);
        shared[0] = unshare(CLONE_NEWNS) == 0 ? 1 : -errno; // not permitted, for a user
        shared[1] = open("/proc/self/mounts", O_RDONLY) >= 0;
        _exit(3);
    }
    CHECK(exit_code(child) == 3 && shared[1] == 1);
    printf("%d\n", shared[0]);

    CHECK(unshare(CLONE_THREAD) == 0 && unshare(CLONE_SIGHAND) == 0);
    CHECK_FAILS(unshare(0x1000), EINVAL);
    pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    pthread_t thread;
    pthread_mutex_lock(&lock);
    CHECK(pthread_create(&thread, NULL, wait_there, &lock) == 0);
    CHECK_FAILS(unshare(CLONE_THREAD), EINVAL);
    pthread_mutex_unlock(&lock);
    CHECK(pthread_join(thread, NULL) == 0);
    puts("ok");
}
