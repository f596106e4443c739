// Process and thread numbers in output, names, files and arithmetic.
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void *thread(void *unused) {
    printf("~ %d %d %lx\n", getpid(), gettid(), (unsigned long)pthread_self());
    return unused;
}

int main(void) {
    char name[64], link[64] = "";
    snprintf(name, sizeof name, "pid-%d", getpid());
    FILE *file = fopen(name, "w");
    fprintf(file, "%d %d %d %d\n", getpid(), getppid(), getpgrp(), getsid(0));
    fclose(file);
    unlink(name);
    if (readlink("/proc/self", link, sizeof link - 1) > 0)
        printf("%d\n", atoi(link) == getpid());
    for (int i = 0; i < 10; i++) {
        pid_t child = fork();
        if (child == 0)
            exit(getpid() % 7);
        int status;
        printf("~ %d %d\n", child, waitpid(child, &status, 0) == child ? WEXITSTATUS(status) : -1);
        printf("%d\n", WEXITSTATUS(status) == child % 7);
    }
    pthread_t made;
    pthread_create(&made, NULL, thread, NULL);
    pthread_join(made, NULL);
    return 0;
}
