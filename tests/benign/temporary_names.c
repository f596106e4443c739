// Names of temporary files are made of addresses, clocks and random numbers, and get printed.
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(void) {
    for (int i = 0; i < 20; i++) {
        char file[] = "name-XXXXXX", folder[] = "folder-XXXXXX";
        if (mkstemp(file) < 0 || !mkdtemp(folder))
            return 1;
        printf("~ %s %s\n", file, folder);
        unlink(file);
        rmdir(folder);
    }
    FILE *nameless = tmpfile();
    return !nameless || fputs("text", nameless) == EOF;
}
