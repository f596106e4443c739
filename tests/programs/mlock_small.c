// A page can be locked and unlocked within the limit.
#include "check.h"
#include <sys/mman.h>

int main(void) {
    char *map = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(map != MAP_FAILED);
    if (mlock(map, 4096) != 0) { // refused by limit or policy: the memory works all the same
        CHECK(errno == ENOMEM || errno == EPERM || errno == ENOSYS);
    } else {
        unsigned char resident;
        CHECK(mincore(map, 4096, &resident) == 0 && (resident & 1));
        CHECK(munlock(map, 4096) == 0);
        CHECK(munmap(map + 4096, 4096) == 0);
        CHECK_FAILS(mlock(map, 8192), ENOMEM);
    }
    strcpy(map, "ok");
    puts(map);
}
