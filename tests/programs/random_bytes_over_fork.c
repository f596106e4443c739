// A child knows the random bytes its parent drew before fork; later draws differ.
#include "check.h"
#include <sys/random.h>

int main(void) {
    uint64_t common, own, other, seen;
    int ends[2];
    CHECK(pipe(ends) == 0 && getrandom(&common, sizeof common, 0) == sizeof common);
    pid_t child = fork();
    CHECK(getrandom(&own, sizeof own, 0) == sizeof own);
    if (child == 0) {
        CHECK(write(ends[1], &common, 8) == 8 && write(ends[1], &own, 8) == 8);
        _exit(0);
    }
    CHECK(read(ends[0], &seen, 8) == 8 && read(ends[0], &other, 8) == 8);
    CHECK(seen == common && other != own && own != common);
    CHECK(exit_code(child) == 0);
    puts("ok");
}
