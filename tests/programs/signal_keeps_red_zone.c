// The 128 bytes below the stack pointer survive a handler that interrupts a leaf function.
#include "check.h"
#include <sys/time.h>

static volatile int fired __attribute__((used));

__asm__(".text\nspin:\n movabs $0x0123456789abcdef, %rcx\n"
        " mov %rcx, -8(%rsp)\n mov %rcx, -64(%rsp)\n mov %rcx, -128(%rsp)\n"
        "1: cmpl $0, fired(%rip)\n je 1b\n"
        " xor %eax, %eax\n cmp %rcx, -8(%rsp)\n jne 2f\n cmp %rcx, -64(%rsp)\n jne 2f\n"
        " cmp %rcx, -128(%rsp)\n jne 2f\n mov $1, %eax\n2: ret\n");
extern int spin(void);

static void handle(int number) {
    volatile char noise[2000];
    memset((char *)noise, number, sizeof noise);
    fired = 1;
}

int main(void) {
    CHECK(signal(SIGALRM, handle) != SIG_ERR);
    struct itimerval once = {{0, 0}, {0, 5000}};
    for (int round = 0; round < 5; round++) {
        fired = 0;
        CHECK(setitimer(ITIMER_REAL, &once, NULL) == 0);
        CHECK(spin() == 1);
    }
    puts("ok");
}
