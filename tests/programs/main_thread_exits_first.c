// pthread_exit in main leaves the process to the other thread, whose end is the process's.
#include "check.h"
#include <pthread.h>

static void *work(void *argument) {
    CHECK(pthread_join(*(pthread_t *)argument, NULL) == 0);
    puts("ok");
    return NULL;
}

int main(void) {
    static pthread_t self, thread;
    self = pthread_self();
    CHECK(pthread_create(&thread, NULL, work, &self) == 0);
    pthread_exit(NULL);
}
