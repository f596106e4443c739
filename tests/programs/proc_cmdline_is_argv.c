// /proc/self/cmdline holds the arguments, each with its zero byte, also for a child's parent.
#include "check.h"

static void check_cmdline(const char *path, int argc, char **argv) {
    static char text[65536];
    int fd = open(path, O_RDONLY);
    ssize_t length = 0, count;
    while ((count = read(fd, text + length, sizeof text - (size_t)length)) > 0)
        length += count;
    CHECK(fd >= 0 && count == 0 && close(fd) == 0);
    char *at = text;
    for (int i = 0; i < argc; i++) {
        CHECK(at < text + length && strcmp(at, argv[i]) == 0);
        at += strlen(at) + 1;
    }
    CHECK(at == text + length);
}

int main(int argc, char **argv) {
    if (argc == 1) {
        execl("/proc/self/exe", "name", "", "two words", "last", (char *)NULL);
        CHECK(!"exec");
    }
    check_cmdline("/proc/self/cmdline", argc, argv);
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/cmdline", (int)getpid());
    pid_t child = fork();
    if (child == 0) {
        check_cmdline(path, argc, argv);
        _exit(0);
    }
    CHECK(exit_code(child) == 0);
    puts("ok");
}
