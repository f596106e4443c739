// A thread replaces the program while others compute, sleep and wait: they are gone.
#include "seen.h"
#include <sched.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static int ready;

static void *work(void *argument) {
    note('a' + number(argument));
    __atomic_add_fetch(&ready, 1, __ATOMIC_SEQ_CST);
    if (number(argument) == 3) {
        while (__atomic_load_n(&ready, __ATOMIC_SEQ_CST) < 4)
            usleep(100);
        seen[seen_count] = 0;
        char pid[32];
        snprintf(pid, sizeof pid, "%d", getpid());
        execl("/proc/self/exe", "again", seen, pid, NULL);
        CHECK(!"executed");
    }
    for (;;) {
        if (number(argument) == 0)
            pause();
        else if (number(argument) == 1)
            sched_yield();
        else
            CHECK(pthread_mutex_lock(&mutex) == 0);
    }
}

int main(int count, char **words) {
    if (count == 3) {
        CHECK(atoi(words[2]) == getpid() && strlen(words[1]) == 4);
        printf("%s\n", words[1]);
        return 0;
    }
    CHECK(pthread_mutex_lock(&mutex) == 0);
    run_threads(4, work);
}
