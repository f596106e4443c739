// shm_open gives named memory that two mappings and a child share.
#include "check.h"
#include <sys/mman.h>

int main(void) {
    char name[32];
    snprintf(name, sizeof name, "/mvx-test-%d", (int)getpid());
    int fd = shm_open(name, O_CREAT | O_EXCL | O_RDWR, 0600);
    CHECK(fd >= 0);
    int again = shm_open(name, O_RDWR, 0);
    CHECK(shm_unlink(name) == 0 && again >= 0 && ftruncate(fd, 4096) == 0);
    char *one = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    char *two = mmap(NULL, 4096, PROT_READ, MAP_SHARED, again, 0);
    CHECK(one != MAP_FAILED && two != MAP_FAILED);
    pid_t child = fork();
    if (child == 0) {
        strcpy(one, "shared by name");
        _exit(0);
    }
    CHECK(exit_code(child) == 0);
    puts(two);
    CHECK_FAILS(shm_open(name, O_RDWR, 0), ENOENT);
}
