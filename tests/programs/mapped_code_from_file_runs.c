// Code in a file runs from a private executable mapping of it.
#include "check.h"
#include <sys/mman.h>

int main(void) {
    const unsigned char code[] = {0x8d, 0x47, 0x07, 0xc3}; // lea eax, [rdi + 7]; ret
    int fd = open("code", O_CREAT | O_RDWR, 0700);
    CHECK(write(fd, code, sizeof code) == sizeof code && ftruncate(fd, 4096) == 0);
    void *page = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
    CHECK(page != MAP_FAILED && close(fd) == 0);
    int (*function)(int) = (int (*)(int))(uintptr_t)page;
    printf("%d\n", function(35));
}
