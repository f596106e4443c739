// tee copies what is in one pipe to another without taking it out.
#include "check.h"

int main(void) {
    int one[2], two[2];
    CHECK(pipe(one) == 0 && pipe(two) == 0);
    CHECK(write(one[1], "twice", 5) == 5);
    CHECK(tee(one[0], two[1], 100, 0) == 5);
    char first[8] = "", second[8] = "";
    CHECK(read(one[0], first, sizeof first) == 5);
    CHECK(read(two[0], second, sizeof second) == 5);
    printf("%s %s\n", first, second);
}
