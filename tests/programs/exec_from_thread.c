// exec by a second thread ends all threads, and the new program has the process's number.
#include "check.h"
#include <pthread.h>

static void *work(void *argument) {
    execl("/proc/self/exe", "again", (char *)argument, (char *)NULL);
    CHECK(!"exec");
}

int main(int argc, char **argv) {
    if (argc == 2) {
        CHECK(atoi(argv[1]) == getpid() && gettid() == getpid());
        puts("ok");
        return 0;
    }
    char self[16];
    snprintf(self, sizeof self, "%d", (int)getpid());
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, work, self) == 0);
    pthread_join(thread, NULL);
    CHECK(!"joined");
}
