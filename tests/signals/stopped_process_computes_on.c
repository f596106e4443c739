// A process that computes is stopped and continued several times, and ends with the right result.
#include "signals.h"

int main(void) {
    pid_t child = fork();
    if (child == 0) {
        uint64_t sum = 0;
        for (volatile uint32_t i = 0; i < 60000000; i++)
            sum += i;
        _exit(sum == 1799999970000000 ? 5 : 6);
    }
    int status;
    for (int i = 0; i < 4; i++) {
        sleep_ms(3);
        CHECK(kill(child, SIGSTOP) == 0 && waitpid(child, &status, WUNTRACED) == child);
        CHECK(WIFSTOPPED(status));
        sleep_ms(3);
        CHECK(kill(child, SIGCONT) == 0 && waitpid(child, &status, WCONTINUED) == child);
        CHECK(WIFCONTINUED(status));
    }
    printf("%d\n", exit_code(child));
}
