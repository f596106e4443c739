// Threads write lines with printf and write: the order of the lines is the order of the locks.
#include "seen.h"

static int lines;

static void *work(void *argument) {
    char text[32];
    for (int i = 0; i < 20; i++) {
        printf("thread %d says %d\n", number(argument), i);
        fflush(stdout);
        int length = snprintf(text, sizeof text, "thread %d writes %d\n", number(argument), i);
        CHECK(write(1, text, (size_t)length) == length);
        __atomic_add_fetch(&lines, 2, __ATOMIC_SEQ_CST);
    }
    return NULL;
}

int main(void) {
    run_threads(4, work);
    CHECK(lines == 160);
}
