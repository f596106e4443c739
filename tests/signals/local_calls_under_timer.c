// Memory is mapped, grown and given back while a timer interrupts.
#define _GNU_SOURCE
#include "signals.h"
#include <sys/mman.h>

static char *volatile kept[8];

static void note(int number) {
    (void)number;
    char text[16];
    counted++;
    CHECK(snprintf(text, sizeof text, "%d", (int)counted) > 0);
}

int main(void) {
    on(SIGALRM, note, SA_RESTART);
    alarm_us(3000, 3000);
    for (int i = 0; i < 1000; i++) {
        size_t size = 4096 * (size_t)(1 + i % 40);
        char *area = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        CHECK(area != MAP_FAILED);
        memset(area, i, size);
        area = mremap(area, size, size * 2, MREMAP_MAYMOVE);
        CHECK(area != MAP_FAILED && area[0] == (char)i);
        CHECK(mprotect(area, 4096, PROT_READ) == 0 && madvise(area, size, MADV_DONTNEED) == 0);
        CHECK(munmap(area, size * 2) == 0);
        free(kept[i % 8]);
        kept[i % 8] = malloc((size_t)(i * 517) % 300000);
    }
    alarm_us(0, 0);
    puts("ok");
}
