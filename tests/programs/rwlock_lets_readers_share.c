// A read-write lock lets readers in together and a writer alone.
#include "check.h"
#include <pthread.h>

static pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
static long value, twice;

static void *write_often(void *argument) {
    for (int i = 0; i < 500; i++) {
        CHECK(pthread_rwlock_wrlock(&lock) == 0);
        value++;
        twice += 2;
        CHECK(pthread_rwlock_unlock(&lock) == 0);
    }
    return argument;
}

static void *read_often(void *argument) {
    for (int i = 0; i < 500; i++) {
        CHECK(pthread_rwlock_rdlock(&lock) == 0);
        CHECK(twice == 2 * value);
        CHECK(pthread_rwlock_unlock(&lock) == 0);
    }
    return argument;
}

int main(void) {
    pthread_t threads[4];
    CHECK(pthread_rwlock_rdlock(&lock) == 0 && pthread_rwlock_tryrdlock(&lock) == 0);
    CHECK(pthread_rwlock_trywrlock(&lock) == EBUSY);
    CHECK(pthread_rwlock_unlock(&lock) == 0 && pthread_rwlock_unlock(&lock) == 0);
    for (int i = 0; i < 4; i++)
        CHECK(pthread_create(&threads[i], NULL, i % 2 ? read_often : write_often, NULL) == 0);
    for (int i = 0; i < 4; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
    printf("%ld\n", value);
}
