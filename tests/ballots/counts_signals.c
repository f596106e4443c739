// Tells its process number, waits for as many SIGUSR1 as it is told, with or without computing, and tells that.
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static volatile sig_atomic_t counted;

static void handle(int number) {
    (void)number;
    counted++;
}

int main(int argc, char **argv) {
    (void)argc;
    struct sigaction action = {.sa_handler = handle};
    sigaction(SIGUSR1, &action, NULL);
    printf("%d\n", getpid());
    fflush(stdout);
    while (counted < atoi(argv[1])) {
        if (argv[2][0] == 'p') {
            usleep(1000);
        }
    }
    puts("counted");
    return 0;
}
