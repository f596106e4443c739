// Threads read parts of one file, with a shared offset and with their own.
#include "seen.h"

static int descriptor;
static unsigned sum[4], own_sum[4];

static void *work(void *argument) {
    int self = number(argument);
    unsigned char bytes[100];
    for (;;) {
        long count = read(descriptor, bytes, sizeof bytes);
        CHECK(count >= 0 && count <= 100);
        if (!count)
            break;
        note('a' + self);
        for (int i = 0; i < count; i++)
            sum[self] += bytes[i];
    }
    for (int i = self; i < 100; i += 4) {
        CHECK(pread(descriptor, bytes, 100, 100 * i) == 100);
        for (int j = 0; j < 100; j++)
            own_sum[self] += bytes[j];
    }
    return NULL;
}

int main(void) {
    char name[] = "bytes-XXXXXX";
    unsigned expected = 0;
    CHECK((descriptor = mkstemp(name)) >= 0 && unlink(name) == 0);
    for (int i = 0; i < 10000; i++) {
        unsigned char byte = (unsigned char)(i * i % 251);
        expected += byte;
        if (i % 100 == 0)
            CHECK(lseek(descriptor, i, SEEK_SET) == i);
        CHECK(write(descriptor, &byte, 1) == 1);
    }
    CHECK(lseek(descriptor, 0, SEEK_SET) == 0);
    run_threads(4, work);
    CHECK(sum[0] + sum[1] + sum[2] + sum[3] == expected);
    CHECK(own_sum[0] + own_sum[1] + own_sum[2] + own_sum[3] == expected);
    CHECK(seen_count == 100);
    show_seen();
}
