// Threads that compute, allocate and lock as they like, and speak one after another.
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { THREADS = 8 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int turn;
static long total;

static void *work(void *argument) {
    int number = (int)(long)argument;
    for (int i = 0; i < 2000; i++) {
        char *block = malloc((size_t)(1 + i % 700));
        memset(block, number, 1);
        pthread_mutex_lock(&lock);
        total += *block;
        pthread_mutex_unlock(&lock);
        free(block);
    }
    pthread_mutex_lock(&lock);
    while (turn != number)
        pthread_cond_wait(&changed, &lock);
    printf("%d\n", number);
    fflush(stdout);
    turn++;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
    return NULL;
}

int main(void) {
    pthread_t threads[THREADS];
    for (long i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, work, (void *)i);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    printf("%ld\n", total);
    return 0;
}
