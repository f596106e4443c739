// A memory file is read, written and mapped like a file, and can be sealed.
#include "check.h"
#include <sys/mman.h>

int main(void) {
    int fd = memfd_create("name", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    CHECK(fd >= 0 && ftruncate(fd, 4096) == 0);
    char *map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    CHECK(map != MAP_FAILED);
    strcpy(map, "stored");
    char text[16] = "";
    CHECK(pread(fd, text, 6, 0) == 6 && strcmp(text, "stored") == 0);
    CHECK(pwrite(fd, "written", 7, 0) == 7 && strcmp(map, "written") == 0);
    pid_t child = fork();
    if (child == 0) {
        strcpy(map, "by the child");
        _exit(0);
    }
    CHECK(exit_code(child) == 0 && pread(fd, text, 12, 0) == 12);
    CHECK(munmap(map, 4096) == 0);
    CHECK(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK) == 0);
    CHECK_FAILS(write(fd, "x", 1), EPERM);
    CHECK_FAILS(ftruncate(fd, 10), EPERM);
    CHECK(fcntl(fd, F_GET_SEALS) == (F_SEAL_WRITE | F_SEAL_SHRINK));
    puts(text);
}
