// A thousand arguments of 100 bytes cross exec; one over the limit is E2BIG.
#include "check.h"

enum { COUNT = 1000 };

int main(int argc, char **argv) {
    if (argc > 1) {
        CHECK(argc == COUNT);
        for (int i = 1; i < argc; i++)
            CHECK(strlen(argv[i]) == 100 && atoi(argv[i]) == i);
        puts("ok");
        return 0;
    }
    static char *arguments[COUNT + 1], words[COUNT][101], huge[200000];
    for (int i = 0; i < COUNT; i++) {
        snprintf(words[i], 101, "%0100d", i);
        arguments[i] = words[i];
    }
    memset(huge, 'h', sizeof huge - 1);
    char *too_much[] = {"name", huge, NULL}, *environment[] = {NULL};
    CHECK_FAILS(execve("/proc/self/exe", too_much, environment), E2BIG);
    execve("/proc/self/exe", arguments, environment);
    CHECK(!"exec");
}
