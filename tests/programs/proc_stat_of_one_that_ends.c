// What /proc tells of a process by a file that was opened while it lived: a zombie's state later.
#include "check.h"

static char state_of(int file) {
    char text[1024];
    ssize_t size = pread(file, text, sizeof text - 1, 0);
    CHECK(size > 0);
    text[size] = 0;
    return strrchr(text, ')')[2];
}

int main(void) {
    int ends[2];
    char name[64], text[4096];
    CHECK(pipe(ends) == 0);
    pid_t child = fork();
    if (child == 0)
        _exit(read(ends[0], text, 1) == 1 ? 7 : 1);
    snprintf(name, sizeof name, "/proc/%d/stat", child);
    int file = open(name, O_RDONLY);
    snprintf(name, sizeof name, "/proc/%d/status", child);
    int status = open(name, O_RDONLY);
    CHECK(file >= 0 && status >= 0 && strchr("RS", state_of(file)));
    CHECK(write(ends[1], "x", 1) == 1);
    siginfo_t info;
    CHECK(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT) == 0);
    CHECK(state_of(file) == 'Z');
    ssize_t size = pread(status, text, sizeof text - 1, 0);
    CHECK(size > 0);
    text[size] = 0;
    CHECK(strstr(text, "State:\tZ"));
    CHECK(exit_code(child) == 7);
    puts("zombie");
}
