// Signals that come at any moment find the program in its own code, and leave its calls as they are.
#define _GNU_SOURCE
#include "check.h"
#include <dlfcn.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <ucontext.h>

enum { SIGNALS = 60 };
static volatile sig_atomic_t count, lost;

static void handle(int number, siginfo_t *information, void *context) {
    (void)number, (void)information;
    const ucontext_t *found = context;
    Dl_info where;
    if (dladdr((void *)found->uc_mcontext.gregs[REG_RIP], &where) == 0)
        lost++;
    count++;
}

int main(void) {
    struct sigaction action = {.sa_sigaction = handle, .sa_flags = SA_SIGINFO | SA_RESTART};
    CHECK(sigaction(SIGALRM, &action, NULL) == 0);
    struct itimerval often = {{0, 700}, {0, 700}}, never = {{0, 0}, {0, 0}};
    CHECK(setitimer(ITIMER_REAL, &often, NULL) == 0);
    long parent = getppid();
    while (count < SIGNALS) {
        CHECK(getppid() == parent);
        CHECK(syscall(SYS_getppid) == parent);
        CHECK(lseek(-1, 0, SEEK_SET) == -1 && errno == EBADF);
    }
    CHECK(setitimer(ITIMER_REAL, &never, NULL) == 0 && lost == 0);
    puts("ok");
}
