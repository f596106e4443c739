// Each kind of fault ends a process by its own signal.
#include "check.h"
#include <sys/mman.h>
#include <sys/resource.h>

static void fault(int number) {
    volatile int zero = 0;
    void *beyond;
    switch (number) {
    case SIGFPE:
        zero = number / zero;
        break;
    case SIGILL:
        __asm__ volatile("ud2");
        break;
    case SIGSEGV:
        *(volatile int *volatile)(uintptr_t)16 = 1;
        break;
    case SIGBUS:
        beyond = mmap(NULL, 4096, PROT_READ, MAP_SHARED, open("empty", O_RDONLY), 0);
        zero = *(volatile char *)beyond;
        break;
    case SIGTRAP:
        __asm__ volatile("int3");
        break;
    }
}

int main(void) {
    const int numbers[] = {SIGFPE, SIGILL, SIGSEGV, SIGBUS, SIGTRAP};
    CHECK(close(open("empty", O_CREAT | O_RDWR, 0600)) == 0);
    CHECK(setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0}) == 0);
    for (int i = 0; i < 5; i++) {
        signal(numbers[i], SIG_DFL);
        pid_t child = fork();
        if (child == 0) {
            fault(numbers[i]);
            _exit(1);
        }
        int status = wait_status(child);
        CHECK(WIFSIGNALED(status));
        printf("%s\n", sigabbrev_np(WTERMSIG(status)));
    }
}
