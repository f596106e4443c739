// A handler on its own stack survives that the program's is full; when that is full, too, SIGSEGV kills.
#include "signals.h"
#include <sys/mman.h>
#include <setjmp.h>
#include <sys/resource.h>

static sigjmp_buf back;
static char stack[65536] __attribute__((aligned(16)));

static int deeper(int depth) {
    volatile char room[1024];
    room[depth & 1023] = (char)depth;
    return depth < 0 ? 0 : deeper(depth + 1) + room[depth & 1023];
}

static void out(int number, siginfo_t *info, void *context) {
    (void)number, (void)context;
    CHECK(info->si_code == SEGV_MAPERR || info->si_code == SEGV_ACCERR);
    siglongjmp(back, 1);
}

static void deep(int number) {
    deeper(number);
}

int main(void) {
    struct rlimit limit = {262144, 262144};
    CHECK(setrlimit(RLIMIT_STACK, &limit) == 0);
    stack_t own = {.ss_sp = stack, .ss_size = sizeof stack};
    CHECK(sigaltstack(&own, NULL) == 0);
    on_info(SIGSEGV, out, SA_ONSTACK);
    for (volatile int i = 0; i < 5; i++)
        if (sigsetjmp(back, 1) == 0) {
            deeper(1);
            return 1;
        }
    pid_t child = fork();
    if (child == 0) {
        char *small = mmap(NULL, 1 << 16, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        CHECK(small != MAP_FAILED && mprotect(small + (1 << 15), 1 << 15, PROT_READ | PROT_WRITE) == 0);
        own = (stack_t){.ss_sp = small + (1 << 15), .ss_size = 1 << 15};
        CHECK(sigaltstack(&own, NULL) == 0);
        on(SIGSEGV, deep, SA_ONSTACK);
        deeper(1);
        _exit(0);
    }
    CHECK(ended_by(child) == SIGSEGV);
    puts("ok");
}
