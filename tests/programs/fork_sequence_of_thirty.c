// Thirty children, one after the other, each with its own answer.
#include "check.h"

int main(void) {
    int sum = 0;
    for (int i = 0; i < 30; i++) {
        pid_t child = fork();
        if (child == 0)
            _exit(i);
        sum += exit_code(child);
    }
    printf("%d\n", sum);
}
