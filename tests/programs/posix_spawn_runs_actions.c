// posix_spawn opens, duplicates and closes as told, then runs the program.
#include "check.h"
#include <spawn.h>

int main(void) {
    int ends[2];
    CHECK(pipe(ends) == 0);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
    posix_spawn_file_actions_addclose(&actions, ends[0]);
    posix_spawn_file_actions_addopen(&actions, 0, "input", O_CREAT | O_RDWR, 0600);
    char *arguments[] = {"sh", "-c", "cat; echo $WORD", NULL};
    char *environment[] = {"WORD=spawned", "PATH=/usr/bin:/bin", NULL};
    int fd = open("input", O_CREAT | O_WRONLY, 0600);
    CHECK(write(fd, "input ", 6) == 6);
    pid_t child;
    CHECK(posix_spawnp(&child, "sh", &actions, NULL, arguments, environment) == 0);
    CHECK(exit_code(child) == 0);
    char text[32] = "";
    CHECK(read(ends[0], text, sizeof text - 1) == 14);
    fputs(text, stdout);
    CHECK(posix_spawn(&child, "/missing/program", NULL, NULL, arguments, environment) == ENOENT);
    posix_spawn_file_actions_destroy(&actions);
}
