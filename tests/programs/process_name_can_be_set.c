// PR_SET_NAME cuts at 15 letters, shows in /proc/self/comm, and exec sets it anew.
#include "check.h"
#include <sys/prctl.h>

static void read_name(char *text, size_t size) {
    int fd = open("/proc/self/comm", O_RDONLY);
    ssize_t count = read(fd, text, size);
    CHECK(fd >= 0 && count > 1 && text[count - 1] == '\n' && close(fd) == 0);
    text[count - 1] = 0;
}

int main(int argc, char **argv) {
    char name[32] = "", text[32];
    (void)argv;
    CHECK(prctl(PR_GET_NAME, name, 0, 0, 0) == 0);
    read_name(text, sizeof text);
    CHECK(strcmp(name, text) == 0);
    if (argc == 2) {
        CHECK(strcmp(text, "exe") == 0); // the last part of the path given to exec
        puts("ok");
        return 0;
    }
    CHECK(prctl(PR_SET_NAME, "a name that is too long", 0, 0, 0) == 0);
    CHECK(prctl(PR_GET_NAME, name, 0, 0, 0) == 0 && strcmp(name, "a name that is ") == 0);
    read_name(text, sizeof text);
    CHECK(strcmp(text, "a name that is ") == 0);
    execl("/proc/self/exe", "again", "again", (char *)NULL);
    CHECK(!"exec");
}
