// A write into a full pipe that is interrupted tells how much it wrote; nothing is lost or doubled.
#include "signals.h"

int main(void) {
    int ends[2];
    CHECK(pipe(ends) == 0);
    size_t size = 200000, done = 0;
    char *block = malloc(size), *got = malloc(size);
    for (size_t i = 0; i < size; i++)
        block[i] = (char)(i * 7);
    on(SIGALRM, count, 0);
    alarm_us(5000, 5000);
    ssize_t part = write(ends[1], block, size);
    CHECK(part > 0 && (size_t)part < size && counted >= 1);
    alarm_us(0, 0);
    CHECK(close(ends[1]) == 0);
    ssize_t step;
    while ((step = read(ends[0], got + done, size - done)) > 0)
        done += (size_t)step;
    CHECK(step == 0 && done == (size_t)part && memcmp(block, got, done) == 0);
    puts("ok");
}
