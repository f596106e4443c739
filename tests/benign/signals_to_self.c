// Signals that a program sends itself, by every way, with handlers that print.
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile sig_atomic_t count;

static void handler(int number, siginfo_t *information, void *context) {
    (void)context;
    char text[64];
    int size = snprintf(text, sizeof text, "%d %d\n", number, information->si_code);
    if (write(1, text, (size_t)size) == size)
        count++;
}

int main(void) {
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_RESTART};
    static const int numbers[] = {SIGHUP, SIGINT, SIGTERM, SIGUSR1, SIGUSR2, SIGALRM, SIGCHLD, SIGWINCH, SIGIO};
    for (unsigned i = 0; i < sizeof numbers / sizeof *numbers; i++)
        sigaction(numbers[i], &action, NULL);
    for (unsigned i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        raise(numbers[i]);
        kill(getpid(), numbers[i]);
        pthread_kill(pthread_self(), numbers[i]);
    }
    union sigval value = {.sival_int = 7};
    sigqueue(getpid(), SIGUSR1, value);
    kill(0, SIGWINCH);
    struct itimerval once = {.it_value.tv_usec = 1000};
    setitimer(ITIMER_REAL, &once, NULL);
    int before = count;
    while (count == before)
        pause();
    if (fork() == 0)
        _exit(0);
    while (wait(NULL) > 0)
        ;
    printf("%d\n", count);
    return 0;
}
