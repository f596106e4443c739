// Decides by what it never set, which natively nobody notices.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int count, char **words) {
    int *table = malloc(10 * sizeof *table);
    memset(table, 0, 5 * sizeof *table);
    if (table[count > 1 ? atoi(words[1]) : 0])
        puts("set");
    else
        puts("not set");
    free(table);
    return 0;
}
