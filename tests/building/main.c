// Prints the same in every build; with a word, where functions lie to each other, or when it was built.
#include <stdint.h>
#include <stdio.h>
#include <string.h>

int first(int x);
int second(int x);
int shared(int x);
int other(int x);

int main(int count, char **words) {
    printf("%d %d\n", second(4), shared(4));
    if (count > 1 && !strcmp(words[1], "date"))
        printf("%s %s\n", __DATE__, __TIME__);
    if (count > 1 && !strcmp(words[1], "program"))
        printf("%d\n", (int)((uintptr_t)first - (uintptr_t)main));
    if (count > 1 && !strcmp(words[1], "library"))
        printf("%d\n", (int)((uintptr_t)shared - (uintptr_t)other));
    return 0;
}
