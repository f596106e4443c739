// A limit of the address space is the same after exec: so much fits, and more does not.
#include <sys/mman.h>
#include <sys/resource.h>

#include "check.h"

enum { LIMIT = 256 << 20 };

static void look(void) {
    struct rlimit limit;
    CHECK(getrlimit(RLIMIT_AS, &limit) == 0);
    CHECK(limit.rlim_cur == LIMIT && limit.rlim_max == 2UL * LIMIT);
    void *small = mmap(NULL, LIMIT / 2, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(small != MAP_FAILED);
    CHECK(mmap(NULL, LIMIT, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED);
    CHECK(errno == ENOMEM);
    CHECK(munmap(small, LIMIT / 2) == 0);
}

int main(int count, char **arguments) {
    if (count == 1) {
        struct rlimit limit = {LIMIT, 2UL * LIMIT};
        CHECK(setrlimit(RLIMIT_AS, &limit) == 0);
        CHECK(geteuid() != 0 || setuid(65534) == 0); // whose limits not everybody may change
    }
    look();
    if (count < 4) {
        char *again[] = {arguments[0], "1", count > 1 ? "2" : NULL, count > 2 ? "3" : NULL, NULL};
        execv("/proc/self/exe", again);
        CHECK(0);
    }
    puts("ok");
}
