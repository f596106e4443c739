// A program that has the processor check alignment: its calls work as ever, and the flag stays.
#include "check.h"
#include <sys/syscall.h>
#include <sys/uio.h>

enum { ALIGNMENT = 0x40000 };

// A call with the flag set; returns its result, and the flag after it.
static long checked(long number, long first, const void *second, long third, long *flags) {
    long result = number;
    register long rdi __asm__("rdi") = first;
    register const void *rsi __asm__("rsi") = second;
    register long rdx __asm__("rdx") = third;
    __asm__ volatile("pushfq\n"
                     "orq %[flag], (%%rsp)\n"
                     "popfq\n"
                     "syscall\n"
                     "pushfq\n"
                     "mov (%%rsp), %[flags]\n"
                     "andq %[rest], (%%rsp)\n"
                     "popfq\n"
                     : "+a"(result), [flags] "=&r"(*flags)
                     : "r"(rdi), "r"(rsi), "r"(rdx), [flag] "i"(ALIGNMENT), [rest] "i"(~ALIGNMENT)
                     : "rcx", "r11", "memory", "cc");
    *flags &= ALIGNMENT;
    return result;
}

int main(void) {
    char bytes[] = "0123456789";
    int ends[2];
    long flags;
    CHECK(pipe(ends) == 0);
    for (int round = 0; round < 12; round++) {
        struct iovec odd = {bytes + 1, 7};
        CHECK(checked(SYS_getpid, 0, NULL, 0, &flags) == getpid() && flags);
        CHECK(checked(SYS_write, ends[1], bytes + 3, 5, &flags) == 5 && flags);
        CHECK(checked(SYS_writev, ends[1], &odd, 1, &flags) == 7 && flags);
        CHECK(checked(SYS_read, ends[0], bytes + 1, 5, &flags) == 5 && flags);
        CHECK(checked(SYS_open, (long)"/proc/self/stat", NULL, 0, &flags) > 0 && flags);
        CHECK(checked(SYS_read, ends[0], bytes + 1, 7, &flags) == 7 && flags);
    }
    puts(bytes);
}
