// Threads sleep for as long as their number says, more or less.
#include "seen.h"

static void *work(void *argument) {
    usleep((unsigned)number(argument) % 5 * 400);
    note('a' + number(argument));
    usleep(200);
    note('A' + number(argument));
    return NULL;
}

int main(void) {
    run_threads(12, work);
    CHECK(seen_count == 24);
    show_seen();
}
