// SIGSTOP stops every thread of a process, SIGCONT lets all go on.
#include "signals.h"
#include <pthread.h>

static int ends[2];

static void *tick(void *byte) {
    for (;;) {
        CHECK(write(ends[1], byte, 1) == 1);
        sleep_ms(2);
    }
    return NULL;
}

int main(void) {
    CHECK(pipe(ends) == 0);
    pid_t child = fork();
    if (child == 0) {
        pthread_t thread;
        CHECK(pthread_create(&thread, NULL, tick, "a") == 0);
        tick("b");
    }
    char byte;
    for (bool a = false, b = false; !a || !b;) {
        CHECK(read(ends[0], &byte, 1) == 1);
        a |= byte == 'a';
        b |= byte == 'b';
    }
    int status;
    CHECK(kill(child, SIGSTOP) == 0 && waitpid(child, &status, WUNTRACED) == child);
    CHECK(WIFSTOPPED(status) && fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0);
    while (read(ends[0], &byte, 1) == 1)
        ;
    sleep_ms(20);
    CHECK_FAILS(read(ends[0], &byte, 1), EAGAIN);
    CHECK(fcntl(ends[0], F_SETFL, 0) == 0 && kill(child, SIGCONT) == 0);
    for (bool a = false, b = false; !a || !b;) {
        CHECK(read(ends[0], &byte, 1) == 1);
        a |= byte == 'a';
        b |= byte == 'b';
    }
    CHECK(kill(child, SIGKILL) == 0 && ended_by(child) == SIGKILL);
    puts("ok");
}
