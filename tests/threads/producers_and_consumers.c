// Three producers and two consumers with a queue of four places: nothing is lost, nothing comes twice.
#include "seen.h"

enum { PLACES = 4, PRODUCERS = 3, EACH = 60 };
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t not_full = PTHREAD_COND_INITIALIZER, not_empty = PTHREAD_COND_INITIALIZER;
static int queue[PLACES], first, used, taken, count_of[PRODUCERS * EACH];

static void produce(int value) {
    CHECK(pthread_mutex_lock(&mutex) == 0);
    while (used == PLACES)
        CHECK(pthread_cond_wait(&not_full, &mutex) == 0);
    queue[(first + used++) % PLACES] = value;
    note('a' + value / EACH);
    CHECK(pthread_cond_signal(&not_empty) == 0);
    CHECK(pthread_mutex_unlock(&mutex) == 0);
}

static int consume(int letter) {
    CHECK(pthread_mutex_lock(&mutex) == 0);
    while (!used && taken < PRODUCERS * EACH)
        CHECK(pthread_cond_wait(&not_empty, &mutex) == 0);
    int got = used > 0;
    if (got) {
        count_of[queue[first]]++;
        first = (first + 1) % PLACES;
        used--;
        note(letter);
        if (++taken == PRODUCERS * EACH)
            CHECK(pthread_cond_broadcast(&not_empty) == 0);
    }
    CHECK(pthread_cond_signal(&not_full) == 0);
    CHECK(pthread_mutex_unlock(&mutex) == 0);
    return got;
}

static void *work(void *argument) {
    int self = number(argument);
    if (self < PRODUCERS)
        for (int i = 0; i < EACH; i++)
            produce(self * EACH + i);
    else
        while (consume('A' + self - PRODUCERS))
            ;
    return NULL;
}

int main(void) {
    run_threads(PRODUCERS + 2, work);
    for (int i = 0; i < COUNT(count_of); i++)
        CHECK(count_of[i] == 1);
    CHECK(noted('A') + noted('B') == PRODUCERS * EACH);
    show_seen();
}
