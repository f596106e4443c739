// flock belongs to the open file: a second open is refused, a duplicate is not.
#include "check.h"
#include <sys/file.h>

int main(void) {
    int one = open("file", O_CREAT | O_RDWR, 0600), two = open("file", O_RDWR);
    int copy = dup(one);
    CHECK(flock(one, LOCK_EX) == 0);
    CHECK(flock(copy, LOCK_EX | LOCK_NB) == 0);
    CHECK_FAILS(flock(two, LOCK_EX | LOCK_NB), EWOULDBLOCK);
    CHECK(flock(copy, LOCK_SH) == 0);
    CHECK(flock(two, LOCK_SH | LOCK_NB) == 0);
    CHECK(flock(one, LOCK_UN) == 0);
    CHECK(flock(two, LOCK_EX | LOCK_NB) == 0);
    puts("ok");
}
