// A handler ends the program by exit: exit handlers run and buffered output is written.
#include "signals.h"

static void bye(void) {
    puts("bye");
}

static void handle(int number) {
    (void)number;
    exit(0);
}

int main(void) {
    CHECK(atexit(bye) == 0);
    fputs("computing ", stdout);
    on(SIGALRM, handle, 0);
    alarm_us(5000, 0);
    for (volatile uint64_t work = 0;; work++)
        ;
}
