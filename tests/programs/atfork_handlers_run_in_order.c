// pthread_atfork handlers run: prepare backwards, then parent and child forwards.
#include "check.h"
#include <pthread.h>

static char order[16];

static void prepare_one(void) { strcat(order, "a"); }
static void prepare_two(void) { strcat(order, "b"); }
static void parent_one(void) { strcat(order, "c"); }
static void parent_two(void) { strcat(order, "d"); }
static void child_one(void) { strcat(order, "e"); }
static void child_two(void) { strcat(order, "f"); }

int main(void) {
    CHECK(pthread_atfork(prepare_one, parent_one, child_one) == 0);
    CHECK(pthread_atfork(prepare_two, parent_two, child_two) == 0);
    pid_t child = fork();
    if (child == 0)
        _exit(strcmp(order, "baef") != 0);
    CHECK(exit_code(child) == 0);
    puts(order);
}
