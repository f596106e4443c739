// Code written at run time runs after mprotect, the second version too.
#include "check.h"
#include <sys/mman.h>

static int run(unsigned char *page, int result) {
    unsigned char code[] = {0xb8, (unsigned char)result, 0, 0, 0, 0xc3}; // mov eax, result; ret
    CHECK(mprotect(page, 4096, PROT_READ | PROT_WRITE) == 0);
    memcpy(page, code, sizeof code);
    CHECK(mprotect(page, 4096, PROT_READ | PROT_EXEC) == 0);
    int (*function)(void) = (int (*)(void))(uintptr_t)page;
    return function();
}

int main(void) {
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(page != MAP_FAILED);
    printf("%d\n", run(page, 42));
    printf("%d\n", run(page, 43));
}
