// The library's sorting, searching and hashing give the same answer in every run.
#include "check.h"
#include <search.h>

static int compare(const void *one, const void *two) {
    int a = *(const int *)one, b = *(const int *)two;
    return (a > b) - (a < b);
}

int main(void) {
    static int numbers[20000];
    uint32_t seed = 42;
    for (int i = 0; i < 20000; i++)
        numbers[i] = (int)((seed = seed * 1103515245 + 12345) >> 8);
    int wanted = numbers[777];
    qsort(numbers, 20000, sizeof *numbers, compare);
    for (int i = 1; i < 20000; i++)
        CHECK(numbers[i - 1] <= numbers[i]);
    int *found = bsearch(&wanted, numbers, 20000, sizeof *numbers, compare);
    CHECK(found && *found == wanted);
    srand(7);
    CHECK(hcreate(100) != 0 && hsearch((ENTRY){"key", "value"}, ENTER));
    puts((char *)hsearch((ENTRY){"key", NULL}, FIND)->data);
    printf("%d %d\n", numbers[0], numbers[19999]);
}
