// Copies what it reads into memory that is too small for a long line, which natively nobody notices.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(void) {
    char line[256];
    while (fgets(line, sizeof line, stdin)) {
        char *copy = malloc(20);
        strcpy(copy, line);
        fputs(copy, stdout);
        fflush(stdout);
        free(copy);
    }
    return 0;
}
