// The strings of arguments and environment follow one another, as programs that overwrite them with
// a title expect.
#include "check.h"

extern char **environ;

int main(int argc, char **argv) {
    char *end = argv[0];
    int adjacent = 0, count = argc;
    for (int i = 0; i < argc && argv[i] == end; i++, adjacent++)
        end = argv[i] + strlen(argv[i]) + 1;
    for (char **entry = environ; *entry; entry++, count++)
        if (*entry == end) {
            adjacent++;
            end = *entry + strlen(*entry) + 1;
        }
    puts(adjacent == count ? "all adjacent" : "not all adjacent");
}
