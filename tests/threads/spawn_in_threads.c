// Threads start programs with posix_spawn, system and popen at the same time.
#include "seen.h"
#include <spawn.h>

extern char **environ;

static void *work(void *argument) {
    char code[16], command[32];
    int self = number(argument);
    snprintf(code, sizeof code, "exit %d", self);
    for (int i = 0; i < 3; i++) {
        char *words[] = {"sh", "-c", code, NULL};
        pid_t child;
        CHECK(posix_spawn(&child, "/bin/sh", NULL, NULL, words, environ) == 0);
        CHECK(exit_code(child) == self);
        note('a' + self);
    }
    int status = system(code);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == self);
    note('A' + self);
    snprintf(command, sizeof command, "echo %d", self);
    FILE *output = popen(command, "re");
    CHECK(output && fgets(command, sizeof command, output) && atoi(command) == self);
    CHECK(pclose(output) == 0);
    note('0' + self);
    return NULL;
}

int main(void) {
    run_threads(3, work);
    CHECK(seen_count == 15);
    show_seen();
}
