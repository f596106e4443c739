// The bases of segments can be asked for as often as one likes, and set to what they are.
#include "check.h"
#include <asm/prctl.h>
#include <sys/syscall.h>

int main(void) {
    unsigned long base = 0, again = 0;
    CHECK(syscall(SYS_arch_prctl, ARCH_GET_FS, &base) == 0 && base);
    for (int i = 0; i < 20; i++) {
        CHECK(syscall(SYS_arch_prctl, ARCH_SET_FS, base) == 0);
        CHECK(syscall(SYS_arch_prctl, ARCH_GET_FS, &again) == 0 && again == base);
        CHECK_FAILS(syscall(SYS_arch_prctl, 0xbad, 0), EINVAL);
    }
    puts("the same");
}
