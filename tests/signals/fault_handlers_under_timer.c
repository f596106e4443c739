// Faults and a timer of 1 ms at once: each handler runs as it should.
#include "signals.h"
#include <sys/mman.h>

static char *place;
static volatile sig_atomic_t faults;

static void handle(int number, siginfo_t *info, void *context) {
    (void)number, (void)context;
    CHECK(info->si_addr == place && mprotect(place, 4096, PROT_READ | PROT_WRITE) == 0);
    faults++;
}

int main(void) {
    place = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(place != MAP_FAILED);
    on_info(SIGSEGV, handle, 0);
    on(SIGALRM, count, SA_RESTART);
    alarm_us(1000, 1000);
    for (int i = 0; i < 300; i++) {
        *place = (char)i;
        for (volatile int spin = 0; spin < 20000; spin++)
            ;
        CHECK(mprotect(place, 4096, PROT_NONE) == 0);
    }
    while (counted < 3)
        CHECK(getppid() >= 0);
    alarm_us(0, 0);
    printf("%d\n", (int)faults);
}
