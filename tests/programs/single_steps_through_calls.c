// A program that sets the trap flag gets a signal for each of its instructions, and its calls work as ever.
#include "check.h"
#include <sys/syscall.h>
#include <ucontext.h>

enum { TRAP = 0x100 };

static volatile int steps, inside;
static volatile unsigned long first, last;

static void step(int number, siginfo_t *info, void *context) {
    unsigned long place = (unsigned long)((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP];
    CHECK(number == SIGTRAP && info->si_code == TRAP_TRACE);
    steps++;
    inside += place >= first && place <= last;
}

__attribute__((noinline)) static long stepped(long calls) {
    long result;
    __asm__ volatile("lea 2f(%%rip), %%rax\n"
                     "mov %%rax, %[first]\n"
                     "lea 3f(%%rip), %%rax\n"
                     "mov %%rax, %[last]\n"
                     "pushfq\n"
                     "orq %[trap], (%%rsp)\n"
                     "popfq\n"
                     "2: xor %%ebx, %%ebx\n"
                     "1: mov %[number], %%eax\n"
                     "syscall\n"
                     "add %%rax, %%rbx\n"
                     "dec %[calls]\n"
                     "jnz 1b\n"
                     "3: pushfq\n"
                     "andq %[rest], (%%rsp)\n"
                     "popfq\n"
                     "mov %%rbx, %[result]\n"
                     : [result] "=r"(result), [calls] "+r"(calls), [first] "=m"(first), [last] "=m"(last)
                     : [trap] "i"(TRAP), [rest] "i"(~TRAP), [number] "i"(SYS_getpid)
                     : "rax", "rbx", "rcx", "r11", "memory", "cc");
    return result;
}

int main(void) {
    struct sigaction action = {.sa_sigaction = step, .sa_flags = SA_SIGINFO};
    CHECK(sigaction(SIGTRAP, &action, NULL) == 0);
    for (int round = 0; round < 12; round++) {
        steps = inside = 0;
        CHECK(stepped(3) == 3L * getpid());
        CHECK(steps >= 8 && inside >= 3);
    }
    puts("ok");
    return 0;
}
