// 8 MiB go through a pipe between two processes unchanged.
#include "check.h"

enum { SIZE = 8 << 20 };
static unsigned char bytes[SIZE];

int main(void) {
    int ends[2];
    CHECK(pipe(ends) == 0);
    for (unsigned i = 0; i < SIZE; i++)
        bytes[i] = (unsigned char)(i * 7 + i / 4099);
    pid_t child = fork();
    if (child == 0) {
        CHECK(close(ends[0]) == 0);
        size_t done = 0;
        for (ssize_t count; done < SIZE; done += (size_t)count)
            CHECK((count = write(ends[1], bytes + done, SIZE - done)) > 0);
        _exit(0);
    }
    CHECK(close(ends[1]) == 0);
    static unsigned char piece[65536];
    size_t got = 0;
    for (ssize_t count; (count = read(ends[0], piece, sizeof piece)) > 0; got += (size_t)count)
        CHECK(got + (size_t)count <= SIZE && memcmp(piece, bytes + got, (size_t)count) == 0);
    CHECK(got == SIZE && exit_code(child) == 0);
    puts("8388608 bytes");
}
