// Threads are made, pass a token and end while a timer interrupts whichever is open.
#include "signals.h"
#include <pthread.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int token;

static void *pass(void *index) {
    for (int i = 0; i < 40; i++) {
        CHECK(pthread_mutex_lock(&lock) == 0);
        while (token % 3 != (int)(long)index)
            CHECK(pthread_cond_wait(&changed, &lock) == 0);
        token++;
        CHECK(pthread_cond_broadcast(&changed) == 0 && pthread_mutex_unlock(&lock) == 0);
    }
    return NULL;
}

static void *end(void *unused) {
    return unused;
}

int main(void) {
    pthread_t threads[3];
    on(SIGALRM, count, SA_RESTART);
    alarm_us(2000, 2000);
    for (long i = 0; i < 3; i++)
        CHECK(pthread_create(&threads[i], NULL, pass, (void *)i) == 0);
    for (int i = 0; i < 3; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
    CHECK(token == 120);
    for (int i = 0; i < 20; i++) {
        CHECK(pthread_create(&threads[0], NULL, end, NULL) == 0);
        CHECK(pthread_join(threads[0], NULL) == 0);
    }
    alarm_us(0, 0);
    puts("ok");
}
