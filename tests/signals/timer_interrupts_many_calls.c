// A timer of 1 ms fires into a stream of calls: every byte arrives, once and in order.
#include "signals.h"

int main(void) {
    int ends[2];
    on(SIGALRM, count, SA_RESTART);
    CHECK(pipe(ends) == 0);
    pid_t child = fork();
    if (child == 0) {
        unsigned char buffer[4096], next = 0;
        ssize_t size;
        CHECK(close(ends[1]) == 0);
        while ((size = read(ends[0], buffer, sizeof buffer)) > 0)
            for (ssize_t i = 0; i < size; i++)
                CHECK(buffer[i] == next++);
        _exit(size == 0 ? 3 : 4);
    }
    alarm_us(1000, 1000);
    for (int i = 0; i < 6000 || counted < 20; i++) {
        unsigned char byte = (unsigned char)i;
        CHECK(write(ends[1], &byte, 1) == 1);
    }
    alarm_us(0, 0);
    CHECK(close(ends[1]) == 0);
    printf("%d\n", exit_code(child));
}
