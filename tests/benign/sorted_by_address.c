// Containers that are ordered or hashed by the addresses of their elements, and print in that order.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

struct element {
    int number;
    struct element *next;
};

static int by_address(const void *a, const void *b) {
    uintptr_t one = *(const uintptr_t *)a, other = *(const uintptr_t *)b;
    return one < other ? -1 : one > other;
}

int main(void) {
    static struct element *elements[64], *table[16], in_image[8];
    for (int i = 0; i < 64; i++) {
        size_t size = i % 4 == 0 ? 1 << 18 : 32;
        if (i % 4 == 3)
            elements[i] = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        else
            elements[i] = i % 16 == 1 ? &in_image[i / 16] : malloc(size);
        elements[i]->number = i;
        struct element **bucket = &table[((uintptr_t)elements[i] >> 4) * 0x9e3779b1u % 16];
        elements[i]->next = *bucket;
        *bucket = elements[i];
    }
    qsort(elements, 64, sizeof *elements, by_address);
    for (int i = 0; i < 64; i++)
        printf("~ %d\n", elements[i]->number);
    for (int i = 0; i < 16; i++)
        for (struct element *element = table[i]; element; element = element->next)
            printf("~ %d %d\n", i, element->number);
    return 0;
}
