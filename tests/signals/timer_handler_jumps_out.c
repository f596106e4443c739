// A timer's handler leaves a computation, a blocking call and a sleep by siglongjmp.
#include "signals.h"
#include <setjmp.h>

static sigjmp_buf back;

static void handle(int number) {
    siglongjmp(back, number);
}

int main(void) {
    int ends[2];
    CHECK(pipe(ends) == 0);
    on(SIGALRM, handle, 0);
    for (volatile int i = 0; i < 9; i++) {
        if (sigsetjmp(back, 1) == 0) {
            alarm_us(2000, 0);
            char byte;
            if (i % 3 == 0)
                for (volatile uint64_t work = 0;; work++)
                    ;
            else if (i % 3 == 1)
                CHECK(read(ends[0], &byte, 1) == 99);
            else
                sleep(100);
            CHECK(!"reached");
        }
    }
    puts("ok");
}
