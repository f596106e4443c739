// rdrand, where the processor has it, gives values that do not repeat.
#include "check.h"
#include <cpuid.h>

int main(void) {
    unsigned a, b, c, d;
    __cpuid(1, a, b, c, d);
    if (c & bit_RDRND) {
        uint64_t values[4] = {0};
        for (int i = 0; i < 4; i++) {
            unsigned char good = 0;
            for (int attempt = 0; attempt < 100 && !good; attempt++)
                __asm__ volatile("rdrand %0; setc %1" : "=r"(values[i]), "=qm"(good) : : "cc");
            CHECK(good);
        }
        CHECK(values[0] != values[1] || values[1] != values[2] || values[2] != values[3]);
        int fd = open("file", O_CREAT | O_RDWR, 0600);
        CHECK(write(fd, values, sizeof values) == sizeof values);
    }
    puts("ok");
}
