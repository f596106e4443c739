// A name for a new file may be made of an address, in several parts (ksh93 does so).
#include "check.h"

int main(void) {
    int own;
    unsigned long address = (unsigned long)&own;
    char name[32];
    snprintf(name, sizeof name, "sf%02lx.%03lx", address >> 5 & 0xff, address >> 13 & 0xfff);
    int file = open(name, O_RDWR | O_CREAT | O_EXCL, 0600);
    CHECK(file >= 0 && access(name, F_OK) == 0 && unlink(name) == 0);
    puts("ok");
}
