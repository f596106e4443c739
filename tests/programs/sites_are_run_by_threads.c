// Threads run the same system call instructions, at every place in a cache line, and get the same answers.
#include "check.h"
#include <pthread.h>

enum { THREADS = 3, ROUNDS = 30 };

// Instructions after which other code follows at once, and such with room for a jump nearby.
static long wrong_answers(long expected) {
    long wrong = 0;
    __asm__ volatile(".rept 40\n"
                     "mov $110, %%eax\n" // getppid
                     "syscall\n"
                     "cmp %1, %%rax\n"
                     "setne %%al\n"
                     "movzbl %%al, %%eax\n"
                     "add %%rax, %0\n"
                     ".endr\n"
                     ".rept 40\n"
                     "mov $110, %%eax\n"
                     "syscall\n"
                     ".byte 0x66, 0x2e, 0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0\n" // a long nop
                     "sub %1, %%rax\n"
                     "or %%rax, %0\n"
                     ".endr\n"
                     : "+&r"(wrong)
                     : "r"(expected)
                     : "rax", "rcx", "r11", "cc", "memory");
    return wrong;
}

static void *run(void *expected) {
    for (int i = 0; i < ROUNDS; i++)
        CHECK(wrong_answers((long)expected) == 0);
    return NULL;
}

int main(void) {
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_create(&threads[i], NULL, run, (void *)(long)getppid()) == 0);
    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
    puts("ok");
}
