/* What threads do with one another, for so long: argument 1 says what, argument 2 how often.
 *
 * light: four threads that compute, with a lock now and then; locks: two threads that do little but lock and unlock;
 * hand_over: two threads that wait for each other all the time.
 */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COMPUTED = 200000, THREADS_MAX = 4 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static long count, turn;
static uint64_t sum;

static void *light(void *argument) {
    uint64_t value = (uintptr_t)argument + 1;
    for (long i = 0; i < count; i++) {
        for (int j = 0; j < COMPUTED; j++)
            value = value * 6364136223846793005u + 1442695040888963407u;
        pthread_mutex_lock(&lock);
        sum += value;
        pthread_mutex_unlock(&lock);
    }
    return NULL;
}

static void *locks(void *argument) {
    for (long i = 0; i < count; i++) {
        pthread_mutex_lock(&lock);
        sum += (uintptr_t)argument;
        pthread_mutex_unlock(&lock);
    }
    return NULL;
}

static void *hand_over(void *argument) {
    for (long i = 0; i < count; i++) {
        pthread_mutex_lock(&lock);
        while (turn % 2 != (long)(uintptr_t)argument)
            pthread_cond_wait(&changed, &lock);
        turn++;
        pthread_cond_signal(&changed);
        pthread_mutex_unlock(&lock);
    }
    return NULL;
}

int main(int argc, char **argv) {
    if (argc != 3)
        return 2;
    count = atol(argv[2]);
    void *(*work)(void *) = strcmp(argv[1], "light") == 0 ? light : strcmp(argv[1], "locks") == 0 ? locks : hand_over;
    int threads = work == light ? THREADS_MAX : 2;
    pthread_t started[THREADS_MAX];
    for (int i = 0; i < threads; i++)
        if (pthread_create(&started[i], NULL, work, (void *)(uintptr_t)i))
            return 1;
    for (int i = 0; i < threads; i++)
        pthread_join(started[i], NULL);
    printf("%lu\n", (unsigned long)sum);
    return 0;
}
