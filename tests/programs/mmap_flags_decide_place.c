// MAP_FIXED replaces what was there; MAP_FIXED_NOREPLACE refuses; zero length is EINVAL.
#include "check.h"
#include <sys/mman.h>

int main(void) {
    int flags = MAP_PRIVATE | MAP_ANONYMOUS, access = PROT_READ | PROT_WRITE;
    char *map = mmap(NULL, 3 * 4096, access, flags, -1, 0);
    CHECK(map != MAP_FAILED && (uintptr_t)map % 4096 == 0);
    memset(map, 'a', 3 * 4096);
    CHECK(mmap(map + 4096, 4096, access, flags | MAP_FIXED, -1, 0) == map + 4096);
    CHECK(map[4095] == 'a' && map[4096] == 0 && map[8191] == 0 && map[8192] == 'a');
    void *refused = mmap(map, 4096, access, flags | MAP_FIXED_NOREPLACE, -1, 0);
    CHECK(refused == MAP_FAILED && errno == EEXIST);
    CHECK(munmap(map + 4096, 4096) == 0 && map[0] == 'a' && map[8192] == 'a');
    void *back = mmap(map + 4096, 4096, access, flags | MAP_FIXED_NOREPLACE, -1, 0);
    CHECK(back == map + 4096);
    CHECK(mmap(NULL, 0, access, flags, -1, 0) == MAP_FAILED && errno == EINVAL);
    CHECK(mmap(NULL, 4096, access, MAP_ANONYMOUS, -1, 0) == MAP_FAILED && errno == EINVAL);
    CHECK_FAILS(munmap(map + 1, 4096), EINVAL);
    puts("ok");
}
