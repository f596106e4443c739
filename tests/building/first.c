// Two functions and two variables of one object.
#include <stdio.h>

int counter = 1;
int table[16] = {3, 1, 4};

__attribute__((noinline)) static int thrice(int x) { return x * 3 + table[1]; }

int first(int x);
int first(int x) {
    char text[32];
    snprintf(text, sizeof text, "%d", thrice(x));
    return text[0] + counter;
}
