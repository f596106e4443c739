// Tables of mapped files, hashed by their addresses, that are printed in that order (Go's syscall package keeps one).
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

enum { FILES = 24, BUCKETS = 8, SIZE = 10000 };

int main(void) {
    static uintptr_t at[FILES];
    char content[SIZE] = "content";
    int file = open("mapped", O_RDWR | O_CREAT | O_TRUNC, 0600);
    if (file < 0 || write(file, content, sizeof content) != sizeof content)
        return 1;
    int again = open("mapped", O_RDONLY);
    for (int i = 0; i < FILES; i++) {
        char *start = mmap(NULL, SIZE, PROT_READ, i % 2 ? MAP_SHARED : MAP_PRIVATE, again, 0);
        if (start == MAP_FAILED || *start != 'c')
            return 1;
        at[i] = (uintptr_t)start;
    }
    for (int bucket = 0; bucket < BUCKETS; bucket++)
        for (int i = 0; i < FILES; i++)
            if ((at[i] * 0x9e3779b97f4a7c15u >> 61) == (unsigned)bucket)
                printf("~ %d %d\n", bucket, i);
    return unlink("mapped");
}
