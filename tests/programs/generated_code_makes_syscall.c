// A system call instruction that came into being at run time works like any other.
#include "check.h"
#include <sys/mman.h>

int main(void) {
    const unsigned char code[] = {0xb8, 39, 0, 0, 0, 0x0f, 0x05, 0xc3}; // getpid; ret
    unsigned char *page =
        mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK((void *)page != MAP_FAILED);
    memcpy(page, code, sizeof code);
    CHECK(mprotect(page, 4096, PROT_READ | PROT_EXEC) == 0);
    long (*function)(void) = (long (*)(void))(uintptr_t)page;
    for (int i = 0; i < 3; i++)
        CHECK(function() == getpid());
    CHECK(munmap(page, 4096) == 0);
    puts("ok");
}
