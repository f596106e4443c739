// Handlers of SIGSEGV, SIGFPE, SIGILL and SIGBUS leave by siglongjmp; the mask comes back.
#include "signals.h"
#include <setjmp.h>
#include <sys/mman.h>

static sigjmp_buf back;

static void handle(int number) {
    siglongjmp(back, number);
}

int main(void) {
    int numbers[] = {SIGSEGV, SIGFPE, SIGILL, SIGBUS};
    for (int i = 0; i < 4; i++)
        on(numbers[i], handle, 0);
    int file = memfd_create("short", 0);
    CHECK(file >= 0 && ftruncate(file, 8192) == 0);
    volatile char *mapped = mmap(NULL, 8192, PROT_READ, MAP_PRIVATE, file, 0);
    CHECK(mapped != MAP_FAILED && ftruncate(file, 0) == 0);
    volatile int zero = 0, result = 0;
    for (volatile int round = 0; round < 8; round++) {
        int number = sigsetjmp(back, 1);
        if (number == 0) {
            switch (round % 4) {
            case 0:
                result = *(volatile int *)8;
                break;
            case 1:
                result = 7 / zero;
                break;
            case 2:
                __asm__ volatile("ud2");
                break;
            case 3:
                result = mapped[4096];
                break;
            }
            CHECK(!"reached");
        }
        printf("%d ", number);
        sigset_t mask;
        CHECK(sigprocmask(SIG_BLOCK, NULL, &mask) == 0 && !sigismember(&mask, number));
    }
    puts(result ? "?" : "");
}
