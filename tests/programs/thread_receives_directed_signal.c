// pthread_kill of another thread runs the handler there.
#include "check.h"
#include <pthread.h>
#include <semaphore.h>

static sem_t ready;
static pid_t handled_by;

static void handle(int number) {
    (void)number;
    handled_by = gettid();
}

static void *work(void *argument) {
    sigset_t blocked, empty;
    sigemptyset(&empty);
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGUSR1);
    CHECK(pthread_sigmask(SIG_BLOCK, &blocked, NULL) == 0);
    CHECK(sem_post(&ready) == 0);
    CHECK_FAILS(sigsuspend(&empty), EINTR);
    *(pid_t *)argument = gettid();
    return NULL;
}

int main(void) {
    pid_t number = 0;
    pthread_t thread;
    CHECK(sem_init(&ready, 0, 0) == 0 && signal(SIGUSR1, handle) != SIG_ERR);
    CHECK(pthread_create(&thread, NULL, work, &number) == 0 && sem_wait(&ready) == 0);
    CHECK(pthread_kill(thread, SIGUSR1) == 0 && pthread_join(thread, NULL) == 0);
    CHECK(number != 0 && handled_by == number && number != getpid());
    puts("ok");
}
