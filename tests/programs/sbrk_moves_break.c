// The program break moves up and down; memory above it comes zeroed.
#include "check.h"

int main(void) {
    char *start = sbrk(0);
    CHECK(start != (void *)-1);
    CHECK(sbrk(100000) == start && sbrk(0) == start + 100000);
    for (int i = 0; i < 100000; i++)
        CHECK(start[i] == 0);
    memset(start, 'x', 100000);
    CHECK(sbrk(-50000) == start + 100000 && sbrk(0) == start + 50000 && start[49999] == 'x');
    CHECK(brk(start) == 0 && sbrk(0) == start);
    CHECK(brk(start + 8192 * 4) == 0 && sbrk(0) == start + 8192 * 4);
    CHECK(brk(start) == 0);
    puts("ok");
}
