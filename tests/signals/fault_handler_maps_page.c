// A SIGSEGV handler maps the missing page, and the instruction is made again, forty times.
#include "signals.h"
#include <sys/mman.h>

static char *place;
static volatile sig_atomic_t faults;

static void handle(int number, siginfo_t *info, void *context) {
    (void)number, (void)context;
    char *page = (char *)((uintptr_t)info->si_addr & ~4095UL);
    CHECK(page >= place && page < place + 40 * 4096 && info->si_code == SEGV_ACCERR);
    CHECK(mprotect(page, 4096, PROT_READ | PROT_WRITE) == 0);
    faults++;
}

int main(void) {
    place = mmap(NULL, 40 * 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(place != MAP_FAILED);
    on_info(SIGSEGV, handle, 0);
    for (int i = 0; i < 40 * 4096; i++)
        place[i] = (char)i;
    printf("%d\n", (int)faults);
}
