// Many processes at once, that end in whatever order they like, and are waited for in that order.
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void) {
    for (int round = 0; round < 4; round++) {
        for (int i = 0; i < 25; i++) {
            pid_t child = fork();
            if (child < 0)
                return 1;
            if (child == 0) {
                if (i % 5 == 0 && fork() == 0)
                    _exit(0);
                for (volatile int turn = 0; turn < i * 1000; turn++)
                    ;
                _exit(i);
            }
        }
        int status, sum = 0;
        for (pid_t child; (child = wait(&status)) > 0;) {
            printf("~ %d %d\n", child, WEXITSTATUS(status));
            sum += WEXITSTATUS(status);
        }
        printf("%d\n", sum);
    }
    return 0;
}
