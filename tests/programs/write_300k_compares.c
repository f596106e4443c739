// 300 KB written in uneven pieces are read back equal through pieces of another size.
#include "check.h"

enum { SIZE = 300000 };
static unsigned char written[SIZE], seen[SIZE];

int main(void) {
    for (int i = 0; i < SIZE; i++)
        written[i] = (unsigned char)(i * 31 + i / 251);
    int fd = open("file", O_CREAT | O_RDWR, 0600);
    for (int at = 0, step = 1; at < SIZE; at += step, step = step * 3 + 1) {
        if (step > SIZE - at)
            step = SIZE - at;
        CHECK(write(fd, written + at, step) == step);
    }
    CHECK(lseek(fd, 0, SEEK_SET) == 0);
    int got = 0;
    for (ssize_t count; (count = read(fd, seen + got, got + 7001 > SIZE ? SIZE - got : 7001)) > 0;)
        got += (int)count;
    CHECK(got == SIZE && memcmp(written, seen, SIZE) == 0);
    puts("300000 bytes");
}
