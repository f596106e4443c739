// si_code and si_addr of a fault tell what happened and where.
#include "check.h"
#include <setjmp.h>
#include <sys/mman.h>

static sigjmp_buf escape;
static siginfo_t last;

static void handle(int number, siginfo_t *info, void *context) {
    (void)number, (void)context;
    last = *info;
    siglongjmp(escape, 1);
}

int main(void) {
    struct sigaction action = {.sa_sigaction = handle, .sa_flags = SA_SIGINFO};
    for (int i = 0; i < 4; i++)
        CHECK(sigaction((int[]){SIGFPE, SIGILL, SIGSEGV, SIGBUS}[i], &action, NULL) == 0);
    int fd = open("empty", O_CREAT | O_RDWR, 0600);
    volatile char *map = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    volatile char *file = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
    volatile int zero = 0, one = 1;
    CHECK(map != MAP_FAILED && file != MAP_FAILED);
    if (sigsetjmp(escape, 1) == 0)
        zero = one / zero;
    CHECK(last.si_signo == SIGFPE && last.si_code == FPE_INTDIV);
    if (sigsetjmp(escape, 1) == 0)
        __asm__ volatile("ud2");
    CHECK(last.si_signo == SIGILL && last.si_code == ILL_ILLOPN);
    if (sigsetjmp(escape, 1) == 0)
        map[7] = 1;
    CHECK(last.si_signo == SIGSEGV && last.si_code == SEGV_ACCERR && last.si_addr == map + 7);
    CHECK(munmap((void *)map, 4096) == 0);
    if (sigsetjmp(escape, 1) == 0)
        zero = map[9];
    CHECK(last.si_signo == SIGSEGV && last.si_code == SEGV_MAPERR && last.si_addr == map + 9);
    if (sigsetjmp(escape, 1) == 0)
        zero = file[11];
    CHECK(last.si_signo == SIGBUS && last.si_code == BUS_ADRERR && last.si_addr == file + 11);
    puts("ok");
}
