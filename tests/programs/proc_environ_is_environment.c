// /proc/self/environ holds the environment given to exec, whatever setenv does later.
#include "check.h"

int main(int argc, char **argv) {
    (void)argv;
    if (argc == 1) {
        char *arguments[] = {"name", "again", NULL}, *environment[] = {"COLOUR=blue", "N=", NULL};
        execve("/proc/self/exe", arguments, environment);
        CHECK(!"exec");
    }
    CHECK(strcmp(getenv("COLOUR"), "blue") == 0 && setenv("COLOUR", "red", 1) == 0);
    char text[256];
    int fd = open("/proc/self/environ", O_RDONLY);
    ssize_t count = read(fd, text, sizeof text);
    CHECK(fd >= 0 && count >= 15 && memcmp(text, "COLOUR=blue\0N=\0", 15) == 0);
    CHECK(strcmp(getenv("COLOUR"), "red") == 0 && unsetenv("N") == 0 && !getenv("N"));
    puts("ok");
}
