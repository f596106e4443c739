// A timer's handler writes an address, which is another one in each variant.
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

static volatile sig_atomic_t done;

static void handle(int number) {
    (void)number;
    char text[32];
    int size = snprintf(text, sizeof text, "%p\n", (void *)handle);
    done = write(1, text, (size_t)size) == size;
}

int main(void) {
    struct sigaction action = {.sa_handler = handle};
    sigaction(SIGALRM, &action, NULL);
    ualarm(5000, 0);
    while (!done) {
    }
    return 0;
}
