// Five philosophers eat with forks that they take in an order without deadlock.
#include "seen.h"

static pthread_mutex_t forks[5] = {[0 ... 4] = PTHREAD_MUTEX_INITIALIZER};

static void *work(void *argument) {
    int self = number(argument), left = self, right = (self + 1) % 5;
    int first = left < right ? left : right, second = left < right ? right : left;
    for (int i = 0; i < 30; i++) {
        CHECK(pthread_mutex_lock(&forks[first]) == 0);
        if (i % 6 == 0)
            usleep(50);
        CHECK(pthread_mutex_lock(&forks[second]) == 0);
        note('a' + self);
        CHECK(pthread_mutex_unlock(&forks[second]) == 0);
        CHECK(pthread_mutex_unlock(&forks[first]) == 0);
    }
    return NULL;
}

int main(void) {
    run_threads(5, work);
    CHECK(seen_count == 150);
    show_seen();
}
