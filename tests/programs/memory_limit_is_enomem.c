// mmap beyond RLIMIT_AS fails with ENOMEM and the process goes on.
#include "check.h"
#include <sys/mman.h>
#include <sys/resource.h>

int main(void) {
    const size_t gib = (size_t)1 << 30;
    struct rlimit limit, seen;
    CHECK(getrlimit(RLIMIT_AS, &limit) == 0);
    limit.rlim_cur = limit.rlim_max - 1; // all but endless
    CHECK(setrlimit(RLIMIT_AS, &limit) == 0 && getrlimit(RLIMIT_AS, &seen) == 0);
    CHECK(seen.rlim_cur == limit.rlim_cur && seen.rlim_max == limit.rlim_max);
    void *any = mmap(NULL, gib, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    CHECK(any != MAP_FAILED && munmap(any, gib) == 0);
    limit.rlim_cur = 512 * gib;
    CHECK(setrlimit(RLIMIT_AS, &limit) == 0);
    void *map = mmap(NULL, 1024 * gib, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(map == MAP_FAILED && errno == ENOMEM);
    map = mmap(NULL, gib, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    CHECK(map != MAP_FAILED && munmap(map, gib) == 0);
    void *block = malloc(100000);
    CHECK(block && !calloc(1, 1024 * gib));
    free(block);
    puts("ok");
}
