// Detached threads come and go, nobody waits for them; their stacks are used again.
#include "seen.h"
#include <semaphore.h>

static sem_t ended;

static void *work(void *argument) {
    char space[4096];
    memset(space, number(argument), sizeof space);
    if (number(argument) % 7 == 0)
        CHECK(pthread_detach(pthread_self()) == 0);
    note('a' + space[number(argument)] % 26);
    CHECK(sem_post(&ended) == 0);
    return NULL;
}

int main(void) {
    pthread_attr_t attributes;
    CHECK(sem_init(&ended, 0, 0) == 0 && pthread_attr_init(&attributes) == 0);
    CHECK(pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED) == 0);
    for (intptr_t i = 0; i < 60; i++) {
        pthread_t thread;
        CHECK(pthread_create(&thread, i % 7 ? &attributes : NULL, work, (void *)i) == 0);
        if (i % 5 == 4)
            for (int j = 0; j < 5; j++)
                CHECK(sem_wait(&ended) == 0);
    }
    CHECK(seen_count == 60);
    show_seen();
}
