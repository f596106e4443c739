// A signal to a process whose other threads block it goes to the thread that waits for it.
#include "check.h"
#include <pthread.h>

static sigset_t set;

static void *work(void *argument) {
    int *numbers = argument;
    for (int i = 0; i < 2; i++)
        CHECK(sigwait(&set, &numbers[i]) == 0);
    return NULL;
}

int main(void) {
    int numbers[2] = {0, 0};
    pthread_t thread;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGUSR2);
    CHECK(pthread_sigmask(SIG_BLOCK, &set, NULL) == 0);
    CHECK(pthread_create(&thread, NULL, work, numbers) == 0);
    pid_t child = fork();
    if (child == 0)
        _exit(kill(getppid(), SIGUSR2));
    CHECK(exit_code(child) == 0 && kill(getpid(), SIGUSR1) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
    CHECK((numbers[0] == SIGUSR1 && numbers[1] == SIGUSR2) ||
          (numbers[0] == SIGUSR2 && numbers[1] == SIGUSR1));
    puts("ok");
}
