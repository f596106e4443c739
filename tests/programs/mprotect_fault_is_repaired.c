// A SIGSEGV handler makes the page writable and the store that faulted is done again.
#include "check.h"
#include <sys/mman.h>

static char *page;
static volatile sig_atomic_t faults;

static void handle(int number, siginfo_t *info, void *context) {
    (void)context;
    CHECK(number == SIGSEGV && info->si_code == SEGV_ACCERR);
    CHECK((char *)info->si_addr == page + 10 + 4096 * faults);
    CHECK(mprotect(page + 4096 * faults, 4096, PROT_READ | PROT_WRITE) == 0);
    faults++;
}

int main(void) {
    struct sigaction action = {.sa_sigaction = handle, .sa_flags = SA_SIGINFO};
    CHECK(sigaction(SIGSEGV, &action, NULL) == 0);
    page = mmap(NULL, 3 * 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(page != MAP_FAILED);
    for (int i = 0; i < 3; i++) {
        *(volatile char *)(page + 10 + 4096 * i) = (char)('a' + i);
        CHECK(faults == i + 1 && page[10 + 4096 * i] == 'a' + i);
    }
    printf("%d faults\n", (int)faults);
}
