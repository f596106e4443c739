// Threads that do things with one another in a random order, which depends on the arguments alone: a
// seed, and how many rounds. What each of them sees depends on the interleaving, and is printed.
#include "seen.h"
#include <poll.h>
#include <semaphore.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>

enum { THREADS_MAX = 6, STEPS = 60, LOCKS = 3, PAIRS = 2, LONG = 10000000, SPINS = 2000 };

static pthread_mutex_t locks[LOCKS] = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER,
                                       PTHREAD_MUTEX_INITIALIZER};
static pthread_cond_t conditions[PAIRS] = {PTHREAD_COND_INITIALIZER, PTHREAD_COND_INITIALIZER};
static pthread_rwlock_t both = PTHREAD_RWLOCK_INITIALIZER;
static sem_t semaphores[PAIRS];
static int ends[2], event, ready, flag;
static unsigned seed;

static struct timespec in(long microseconds) {
    struct timespec time;
    clock_gettime(CLOCK_REALTIME, &time);
    time.tv_nsec += microseconds * 1000;
    time.tv_sec += time.tv_nsec / 1000000000;
    time.tv_nsec %= 1000000000;
    return time;
}

static void compute(unsigned count) {
    for (volatile unsigned i = 0; i < count; i++)
        ;
}

static void *compute_once(void *argument) {
    note('t');
    compute((unsigned)number(argument));
    return argument;
}

static void start_another(unsigned random) {
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, compute_once, (void *)(intptr_t)(random % 3000)) == 0);
    CHECK((random & 64 ? pthread_join(thread, NULL) : pthread_detach(thread)) == 0);
}

static void wait_in_vain_or_not(unsigned random) {
    struct timespec end = in(random % 2000);
    if (random & 256) {
        note(sem_timedwait(&semaphores[random % PAIRS], &end) == 0 ? 's' : 'S');
        return;
    }
    pthread_mutex_lock(&locks[0]);
    int late = pthread_cond_timedwait(&conditions[random % PAIRS], &locks[0], &end);
    note(late ? 'C' : 'c');
    pthread_mutex_unlock(&locks[0]);
}

static void transfer(unsigned random) {
    uint64_t value = 1;
    struct epoll_event happened;
    switch (random % 5) {
    case 0:
        note(write(ends[1], "x", 1) == 1 ? '>' : '|');
        break;
    case 1:
        note(read(ends[0], &value, 4) > 0 ? '<' : '-');
        break;
    case 2:
        note(write(event, &value, sizeof value) > 0 ? 'e' : '|');
        break;
    case 3:
        note(read(event, &value, sizeof value) > 0 ? 'E' : '-');
        break;
    case 4:
        note(epoll_wait(ready, &happened, 1, (int)(random >> 8) % 3) > 0 ? 'p' : 'P');
    }
}

static void step(int self, unsigned random) {
    unsigned chosen = (random >> 16) % 12;
    switch (chosen) {
    case 0:
    case 1:
        pthread_mutex_lock(&locks[random % LOCKS]);
        note('0' + self);
        compute(random % 5000);
        pthread_mutex_unlock(&locks[random % LOCKS]);
        break;
    case 2:
        usleep(random % 300);
        note('u');
        break;
    case 3:
        sched_yield();
        note('y');
        break;
    case 4:
        sem_post(&semaphores[random % PAIRS]);
        break;
    case 5:
        wait_in_vain_or_not(random >> 1);
        break;
    case 6:
        (random % 3 ? pthread_cond_signal : pthread_cond_broadcast)(&conditions[random % PAIRS]);
        break;
    case 7:
        transfer(random);
        break;
    case 8:
        __atomic_store_n(&flag, random & 1, __ATOMIC_SEQ_CST);
        for (int i = 0; i < SPINS && __atomic_load_n(&flag, __ATOMIC_SEQ_CST); i++)
            __builtin_ia32_pause();
        break;
    case 9:
        compute(random % 16 ? random % 20000 : LONG);
        break;
    case 10:
        (random & 1 ? pthread_rwlock_rdlock : pthread_rwlock_wrlock)(&both);
        note(random & 1 ? 'r' : 'w');
        pthread_rwlock_unlock(&both);
        break;
    case 11:
        if (random % 4 == 0)
            start_another(random);
    }
}

static void *work(void *argument) {
    unsigned random = seed * 7919 + (unsigned)number(argument) * 104729 + 1;
    for (int i = 0; i < STEPS; i++) {
        random = random * 1664525 + 1013904223;
        step(number(argument), random);
    }
    return argument;
}

int main(int count, char **words) {
    seed = count > 1 ? (unsigned)atoi(words[1]) : 1;
    unsigned rounds = count > 2 ? (unsigned)atoi(words[2]) : 8;
    for (int i = 0; i < PAIRS; i++)
        CHECK(sem_init(&semaphores[i], 0, (unsigned)i) == 0);
    CHECK(pipe2(ends, O_NONBLOCK) == 0);
    CHECK((event = eventfd(0, EFD_NONBLOCK)) >= 0 && (ready = epoll_create1(0)) >= 0);
    struct epoll_event interest = {.events = EPOLLIN};
    CHECK(epoll_ctl(ready, EPOLL_CTL_ADD, event, &interest) == 0);
    for (unsigned end = seed + rounds; seed < end; seed++)
        run_threads(2 + (int)(seed % (THREADS_MAX - 1)), work);
    usleep(50000); // for those that were detached
    show_seen();
}
