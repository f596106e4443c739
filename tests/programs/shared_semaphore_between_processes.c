// A process-shared semaphore and mutex in shared memory serve parent and child.
#include "check.h"
#include <pthread.h>
#include <semaphore.h>
#include <sys/mman.h>

struct shared {
    sem_t ready;
    pthread_mutex_t mutex;
    int count;
};

int main(void) {
    struct shared *shared =
        mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK((void *)shared != MAP_FAILED && sem_init(&shared->ready, 1, 0) == 0);
    pthread_mutexattr_t kind;
    CHECK(pthread_mutexattr_init(&kind) == 0);
    CHECK(pthread_mutexattr_setpshared(&kind, PTHREAD_PROCESS_SHARED) == 0);
    CHECK(pthread_mutex_init(&shared->mutex, &kind) == 0);
    pid_t child = fork();
    CHECK(child == 0 ? sem_post(&shared->ready) == 0 : sem_wait(&shared->ready) == 0);
    for (int i = 0; i < 500; i++) {
        CHECK(pthread_mutex_lock(&shared->mutex) == 0);
        shared->count++;
        CHECK(pthread_mutex_unlock(&shared->mutex) == 0);
    }
    if (child == 0)
        _exit(0);
    CHECK(exit_code(child) == 0);
    printf("%d\n", shared->count);
}
