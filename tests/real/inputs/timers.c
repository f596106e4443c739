// A timer of 1 kHz whose handler writes, while the program computes or makes calls as fast as it can.
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

static volatile sig_atomic_t left;

static void handle(int number) {
    (void)number;
    if (left && write(1, ".", 1) == 1) {
        left--;
    }
}

int main(int argc, char **argv) {
    struct sigaction action = {.sa_handler = handle, .sa_flags = SA_RESTART};
    struct itimerval often = {{0, 1000}, {0, 1000}};
    int calls = argc > 1 && !strcmp(argv[1], "calls");
    volatile unsigned long work = 0;
    left = atoi(argv[2]);
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &often, NULL);
    while (left) {
        if (calls) {
            syscall(SYS_getppid);
        }
        work++;
    }
    return 0;
}
