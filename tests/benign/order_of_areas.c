// Where areas lie to each other, and the low bits of addresses: programs test both.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

int main(void) {
    char on_stack[16], *mapped = mmap(NULL, 1 << 21, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    uintptr_t areas[] = {(uintptr_t)main, (uintptr_t)malloc(16), (uintptr_t)printf, (uintptr_t)mapped, (uintptr_t)on_stack};
    for (int i = 0; i < 5; i++)
        for (int j = 0; j < i; j++)
            printf("~ %d\n", areas[i] > areas[j]);
    printf("%d %d\n", areas[4] > areas[3], areas[4] > areas[0]);
    printf("%lu %lu %lu\n", areas[0] % 16, areas[3] % 4096, areas[1] % 16);
    for (int i = 0; i < 4; i++)
        printf("~ %lx\n", areas[i] & 0xffffffff);
    printf("%td\n", (char *)&on_stack[8] - (char *)&on_stack[0]);
    // Room between two mappings, as allocators of arenas look for it.
    char *second = mmap(NULL, 1 << 21, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    printf("~ %td\n", second - mapped);
    return 0;
}
