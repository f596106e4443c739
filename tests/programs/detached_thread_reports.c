// A detached thread cannot be joined and still does its work.
#include "check.h"
#include <pthread.h>
#include <semaphore.h>

static sem_t done, go;
static int value;

static void *work(void *argument) {
    CHECK(sem_wait(&go) == 0);
    value = *(int *)argument + 1;
    CHECK(sem_post(&done) == 0);
    return NULL;
}

int main(void) {
    pthread_attr_t attributes;
    pthread_t thread;
    int argument = 41;
    CHECK(sem_init(&done, 0, 0) == 0 && sem_init(&go, 0, 0) == 0);
    CHECK(pthread_attr_init(&attributes) == 0);
    CHECK(pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED) == 0);
    CHECK(pthread_attr_setstacksize(&attributes, 1 << 18) == 0);
    CHECK(pthread_create(&thread, &attributes, work, &argument) == 0);
    CHECK(pthread_join(thread, NULL) == EINVAL);
    CHECK(sem_post(&go) == 0 && sem_wait(&done) == 0);
    printf("%d\n", value);
}
