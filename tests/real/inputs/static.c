/* A bit of everything that a C library does for a program. */
#include <dirent.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int by_text(const void *left, const void *right) {
    return strcmp(*(char *const *)left, *(char *const *)right);
}

static void *copy(void *word) { return strdup(word); }

int main(int argc, char **argv) {
    char *list[] = {"d", "b", "a", "c"};
    qsort(list, 4, sizeof *list, by_text);
    printf("%d arguments, %s\n", argc, list[0]);
    FILE *file = fopen("written", "w");
    for (int i = 0; i < 1000; i++) fprintf(file, "%d\n", i);
    fclose(file);
    fflush(stdout);
    if (fork() == 0) {
        execlp("echo", "echo", "child", (char *)0);
        _exit(1);
    }
    int status;
    wait(&status);
    printf("%d %d\n", WEXITSTATUS(status), time(0) > 1700000000);
    pthread_t thread;
    void *word;
    pthread_create(&thread, 0, copy, "thread");
    pthread_join(thread, &word);
    puts(word);
    FILE *pipe = popen("seq 1 3", "r");
    char line[20];
    while (fgets(line, sizeof line, pipe)) fputs(line, stdout);
    printf("%d\n", pclose(pipe));
    int entries = 0;
    DIR *folder = opendir(".");
    while (readdir(folder)) entries++;
    closedir(folder);
    printf("%d entries\n", entries);
    return 5;
}
