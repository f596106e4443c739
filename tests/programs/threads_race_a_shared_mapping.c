// A process with several threads maps a file shared and writable for the first time while another
// thread comes back from calls that wait: in whatever order they go on, it is one order.
#include "check.h"
#include <poll.h>
#include <pthread.h>
#include <sys/mman.h>

enum { ROUNDS = 40, STEPS = 20000 };

static int ends[2], file;
static volatile unsigned computed, polls, is_mapped;
static struct {
    unsigned what, computed, polls;
} order[2];
static unsigned steps;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static void note(unsigned what) {
    CHECK(pthread_mutex_lock(&mutex) == 0);
    order[steps].what = what;
    order[steps].computed = computed; // races, which the order decides
    order[steps++].polls = polls;
    CHECK(pthread_mutex_unlock(&mutex) == 0);
}

static void *wait_for_it(void *unused) {
    (void)unused;
    char byte;
    CHECK(read(ends[0], &byte, 1) == 1);
    note('w');
    return NULL;
}

static void *wait_often(void *unused) {
    (void)unused;
    for (; !is_mapped; polls++)
        CHECK(poll(NULL, 0, 0) == 0);
    note('w');
    return NULL;
}

static void one_round(int often) {
    pthread_t waiter;
    CHECK(pipe(ends) == 0);
    CHECK(pthread_create(&waiter, NULL, often ? wait_often : wait_for_it, NULL) == 0);
    usleep(1000);
    CHECK(often || write(ends[1], "x", 1) == 1);
    for (; computed < STEPS && !often; computed++) {
    }
    char *map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    CHECK(map != MAP_FAILED);
    note('m');
    is_mapped = 1;
    strcpy(map, "mapped");
    CHECK(pthread_join(waiter, NULL) == 0 && steps == 2);
    CHECK(pwrite(file, order, sizeof order, 64) == sizeof order); // compared
    _exit(0);
}

int main(void) {
    char name[] = "/tmp/mapped.XXXXXX";
    CHECK((file = mkstemp(name)) >= 0 && unlink(name) == 0 && ftruncate(file, 4096) == 0);
    for (int round = 0; round < ROUNDS; round++) {
        pid_t child = fork();
        if (child == 0)
            one_round(round % 2);
        CHECK(exit_code(child) == 0);
    }
    char text[8] = "";
    CHECK(pread(file, text, 6, 0) == 6);
    puts(text);
}
