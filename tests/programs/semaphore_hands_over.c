// Two semaphores hand a value to and fro between two threads in order.
#include "check.h"
#include <pthread.h>
#include <semaphore.h>

static sem_t full, empty;
static int slot;

static void *produce(void *argument) {
    for (int i = 1; i <= 100; i++) {
        CHECK(sem_wait(&empty) == 0);
        slot = i * i;
        CHECK(sem_post(&full) == 0);
    }
    return argument;
}

int main(void) {
    pthread_t thread;
    long sum = 0;
    CHECK(sem_init(&full, 0, 0) == 0 && sem_init(&empty, 0, 1) == 0);
    CHECK(pthread_create(&thread, NULL, produce, NULL) == 0);
    for (int i = 1; i <= 100; i++) {
        CHECK(sem_wait(&full) == 0 && slot == i * i);
        sum += slot;
        CHECK(sem_post(&empty) == 0);
    }
    CHECK(pthread_join(thread, NULL) == 0);
    int value;
    CHECK(sem_getvalue(&empty, &value) == 0 && value == 1);
    printf("%ld\n", sum);
}
