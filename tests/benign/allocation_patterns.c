// What an allocator's state shows without an address: order, distance, alignment, reuse.
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int main(void) {
    static char *blocks[500];
    unsigned state = 1;
    for (int i = 0; i < 20000; i++) {
        state = state * 1103515245 + 12345;
        char **block = &blocks[state >> 8 & 255];
        free(*block);
        *block = malloc(1 + (state >> 16) % (i % 100 ? 3000 : 300000));
    }
    for (int i = 1; i < 256; i++)
        if (blocks[i] && blocks[i - 1])
            printf("%d %zu %lu\n", blocks[i] > blocks[i - 1], malloc_usable_size(blocks[i]), (uintptr_t)blocks[i] % 64);
    char *first = malloc(100), *second = malloc(100);
    printf("%td\n", second - first);
    free(first);
    printf("%d\n", malloc(100) == first);
    struct mallinfo2 information = mallinfo2();
    printf("~ %zu %zu %zu %zu\n", information.arena, information.uordblks, information.fordblks, information.hblks);
    return 0;
}
