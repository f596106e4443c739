// With SA_RESTART a waiting read goes on after the handler, which feeds it at the third time.
#include "check.h"
#include <sys/time.h>

static volatile sig_atomic_t count;
static int ends[2];

static void handle(int number) {
    (void)number;
    if (++count == 3)
        CHECK(write(ends[1], "z", 1) == 1);
}

int main(void) {
    CHECK(pipe(ends) == 0);
    struct sigaction action = {.sa_handler = handle, .sa_flags = SA_RESTART};
    CHECK(sigaction(SIGALRM, &action, NULL) == 0);
    struct itimerval often = {{0, 10000}, {0, 10000}}, never = {{0, 0}, {0, 0}};
    CHECK(setitimer(ITIMER_REAL, &often, NULL) == 0);
    char byte;
    CHECK(read(ends[0], &byte, 1) == 1 && byte == 'z');
    CHECK(setitimer(ITIMER_REAL, &never, NULL) == 0);
    CHECK(count >= 3);
    puts("ok");
}
