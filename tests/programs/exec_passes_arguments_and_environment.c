// exec gives the new program exactly the arguments and environment named, empty ones too.
#include "check.h"

extern char **environ;

int main(int argc, char **argv) {
    if (argc > 1) {
        for (int i = 0; i < argc; i++)
            printf("argument %d [%s]\n", i, argv[i]);
        for (int i = 0; environ[i]; i++)
            if (strncmp(environ[i], "TEST_", 5) == 0)
                puts(environ[i]);
        CHECK(!argv[argc] && !getenv("HOME"));
        return 0;
    }
    char *arguments[] = {"any name", "", "two words", "\xff\x01", NULL};
    char *environment[] = {"TEST_ONE=1", "TEST_EMPTY=", "TEST_TWO=a=b", NULL};
    execve("/proc/self/exe", arguments, environment);
    CHECK(!"exec");
}
