// pthread_once runs its function once, whoever comes first.
#include "check.h"
#include <pthread.h>

static pthread_once_t control = PTHREAD_ONCE_INIT;
static int count;

static void start(void) {
    usleep(5000);
    count++;
}

static void *work(void *argument) {
    CHECK(pthread_once(&control, start) == 0 && count == 1);
    return argument;
}

int main(void) {
    pthread_t threads[6];
    for (int i = 0; i < 6; i++)
        CHECK(pthread_create(&threads[i], NULL, work, NULL) == 0);
    for (int i = 0; i < 6; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
    printf("%d\n", count);
}
