// A timer of 1 ms fires while the program forks and waits, forks and waits.
#include "signals.h"

int main(void) {
    on(SIGALRM, count, SA_RESTART);
    alarm_us(1000, 1000);
    for (int i = 0; i < 25; i++) {
        pid_t child = fork();
        if (child == 0)
            _exit(i);
        CHECK(exit_code(child) == i);
    }
    while (counted < 5)
        pause();
    alarm_us(0, 0);
    puts("ok");
}
