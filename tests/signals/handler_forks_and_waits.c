// A handler forks, and waits for its child, while the program computes.
#include "signals.h"

static volatile int sum;

static void handle(int number) {
    (void)number;
    int turn = ++counted;
    pid_t child = fork();
    if (child == 0)
        _exit(turn);
    sum += exit_code(child);
}

int main(void) {
    on(SIGALRM, handle, 0);
    for (int i = 1; i <= 5; i++) {
        alarm_us(2000, 0);
        volatile uint64_t work = 0;
        while (counted < i)
            work++;
    }
    printf("%d\n", sum);
}
