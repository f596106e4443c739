// System calls without a meaning fail with ENOSYS and nothing else happens.
#include "check.h"

int main(void) {
    const long numbers[] = {9999, 350, 400, 2000, 1L << 20, -1, -5};
    for (unsigned i = 0; i < sizeof numbers / sizeof *numbers; i++)
        CHECK_FAILS(syscall(numbers[i], 1, 2, 3, 4, 5, 6), ENOSYS);
    puts("ok");
}
