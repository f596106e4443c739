// A process that is not traced and has no filter finds so in /proc, however it reads; a child that
// is stopped is said to be stopped.
#include "check.h"

// The words after "name:" in a file of /proc, read `size` bytes at a time.
static void find(const char *path, const char *name, size_t size, char *value, size_t room) {
    char text[8192];
    size_t length = 0;
    int fd = open(path, O_RDONLY);
    CHECK(fd >= 0);
    for (ssize_t part; (part = read(fd, text + length, size)) > 0;)
        length += (size_t)part;
    CHECK(close(fd) == 0);
    text[length] = 0;
    char *line = strstr(text, name);
    CHECK(line);
    line += strlen(name);
    snprintf(value, room, "%.*s", (int)strcspn(line, "\n"), line);
}

int main(void) {
    char value[64], path[64];
    size_t sizes[] = {1, 100, 4096};
    for (int i = 0; i < 3; i++) {
        find("/proc/self/status", "\nTracerPid:\t", sizes[i], value, sizeof value);
        CHECK(strcmp(value, "0") == 0);
        find("/proc/thread-self/status", "\nSeccomp:\t", sizes[i], value, sizeof value);
        CHECK(strcmp(value, "0") == 0);
        find("/proc/self/status", "\nState:\t", sizes[i], value, sizeof value);
        CHECK(strcmp(value, "R (running)") == 0);
    }
    pid_t child = fork();
    if (child == 0)
        for (;;)
            pause();
    CHECK(kill(child, SIGSTOP) == 0 && waitpid(child, NULL, WUNTRACED) == child);
    snprintf(path, sizeof path, "/proc/%d/status", (int)child);
    find(path, "\nState:\t", 4096, value, sizeof value);
    puts(value);
    snprintf(path, sizeof path, "/proc/%d/stat", (int)child);
    find(path, ") ", 4096, value, sizeof value);
    CHECK(value[0] == 'T');
    CHECK(kill(child, SIGKILL) == 0);
    wait_status(child);
}
