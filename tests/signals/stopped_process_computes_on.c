// A process that computes is stopped and continued several times, and ends with the right result.
#include "signals.h"

int main(void) {
    on(SIGTERM, count, 0);
    pid_t child = fork();
    if (child == 0) {
        uint64_t sum = 0, i = 0;
        while (!counted)
            sum += i++;
        _exit(sum == (i % 2 ? (i - 1) / 2 * i : i / 2 * (i - 1)) ? 5 : 6);
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
    sleep_ms(20);
    CHECK(kill(child, SIGTERM) == 0);
    printf("%d\n", exit_code(child));
}
