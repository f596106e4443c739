// Thread-local variables and keys are separate for each thread; destructors run at its end.
#include "check.h"
#include <pthread.h>

static __thread int own = 5;
static pthread_key_t key;
static int destroyed;

static void destroy(void *value) { destroyed += *(int *)value; }

static void *work(void *argument) {
    CHECK(own == 5 && pthread_getspecific(key) == NULL);
    own = 100;
    CHECK(pthread_setspecific(key, argument) == 0);
    errno = 77;
    return &own;
}

int main(void) {
    int values[3] = {1, 10, 100};
    void *places[3];
    CHECK(pthread_key_create(&key, destroy) == 0);
    own = 6;
    errno = 33;
    for (int i = 0; i < 3; i++) {
        pthread_t thread;
        CHECK(pthread_create(&thread, NULL, work, &values[i]) == 0);
        CHECK(pthread_join(thread, &places[i]) == 0 && places[i] != &own);
    }
    CHECK(own == 6 && errno == 33 && pthread_getspecific(key) == NULL);
    printf("%d\n", destroyed);
}
