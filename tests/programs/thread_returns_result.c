// pthread_join gives what the thread returned or passed to pthread_exit.
#include "check.h"
#include <pthread.h>

static void *returns(void *argument) { return (char *)argument + 1; }

static void *exits(void *argument) { pthread_exit((char *)argument + 2); }

int main(void) {
    char word[] = "abcdef";
    pthread_t one, two;
    void *result;
    CHECK(pthread_create(&one, NULL, returns, word) == 0);
    CHECK(pthread_create(&two, NULL, exits, word) == 0 && !pthread_equal(one, two));
    CHECK(pthread_join(one, &result) == 0 && result == word + 1);
    CHECK(pthread_join(two, &result) == 0 && result == word + 2);
    CHECK(pthread_join(pthread_self(), NULL) == EDEADLK);
    puts(result);
}
