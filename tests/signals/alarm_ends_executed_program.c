// An alarm set before exec ends the new program, which has no handler any more.
#include "signals.h"

int main(void) {
    on(SIGALRM, count, 0);
    pid_t child = fork();
    if (child == 0) {
        alarm_us(60000, 60000);
        execl("/bin/sleep", "sleep", "100", (char *)NULL);
        _exit(9);
    }
    printf("%d\n", ended_by(child));
}
