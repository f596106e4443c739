// A thread's name and number appear in /proc/self/task and under prctl.
#include "check.h"
#include <pthread.h>
#include <sys/prctl.h>

static void *work(void *argument) {
    char name[32] = "", path[64], text[32] = "";
    CHECK(pthread_setname_np(pthread_self(), "worker") == 0);
    CHECK(prctl(PR_GET_NAME, name, 0, 0, 0) == 0 && strcmp(name, "worker") == 0);
    snprintf(path, sizeof path, "/proc/self/task/%d/comm", (int)gettid());
    CHECK(read(open(path, O_RDONLY), text, sizeof text) == 7 && strcmp(text, "worker\n") == 0);
    CHECK(getpid() != gettid());
    return argument;
}

int main(void) {
    pthread_t thread;
    char before[32] = "", after[32] = "";
    CHECK(prctl(PR_GET_NAME, before, 0, 0, 0) == 0);
    CHECK(pthread_create(&thread, NULL, work, NULL) == 0 && pthread_join(thread, NULL) == 0);
    CHECK(prctl(PR_GET_NAME, after, 0, 0, 0) == 0 && strcmp(before, after) == 0);
    CHECK(getpid() == gettid() && pthread_setname_np(pthread_self(), "sixteen letters!") == ERANGE);
    puts("ok");
}
