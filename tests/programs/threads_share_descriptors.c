// A descriptor opened by one thread is every thread's; a pipe joins two of them.
#include "check.h"
#include <pthread.h>

static int ends[2], opened;

static void *work(void *argument) {
    char text[8] = "";
    CHECK(read(ends[0], text, 5) == 5 && strcmp(text, "hello") == 0);
    opened = open("file", O_CREAT | O_RDWR, 0600);
    CHECK(opened >= 0 && write(opened, "by the thread", 13) == 13);
    CHECK(close(ends[0]) == 0);
    return argument;
}

int main(void) {
    pthread_t thread;
    char text[16] = "";
    CHECK(pipe(ends) == 0 && pthread_create(&thread, NULL, work, NULL) == 0);
    CHECK(write(ends[1], "hello", 5) == 5 && pthread_join(thread, NULL) == 0);
    CHECK_FAILS(fcntl(ends[0], F_GETFD), EBADF);
    CHECK(pread(opened, text, sizeof text, 0) == 13);
    puts(text);
}
