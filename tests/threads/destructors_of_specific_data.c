// Data of a thread are destroyed when it ends, in rounds, with the thread's own values.
#include "seen.h"

static pthread_key_t first, second;
static __thread int local = 1000;

static void destroy_first(void *value) {
    note('a' + number(value));
    local++;
    CHECK(pthread_setspecific(second, (void *)((intptr_t)value + 100)) == 0); // one more round
}

static void destroy_second(void *value) {
    CHECK(local == 1000 + number(value) - 100 + 1);
    note('A' + number(value) - 100);
}

static void *work(void *argument) {
    local += number(argument);
    CHECK(pthread_setspecific(first, argument) == 0 || number(argument) == 0);
    if (number(argument) % 2)
        pthread_exit(NULL);
    return NULL;
}

int main(void) {
    CHECK(pthread_key_create(&first, destroy_first) == 0);
    CHECK(pthread_key_create(&second, destroy_second) == 0);
    run_threads(9, work);
    for (int i = 1; i < 9; i++)
        CHECK(noted('a' + i) == 1 && noted('A' + i) == 1);
    CHECK(noted('a') == 0); // a null value is not destroyed
    show_seen();
}
