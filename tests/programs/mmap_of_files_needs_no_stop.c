// Files mapped privately lie at the same places in all variants, whoever chose them.
#include "check.h"
#include <fcntl.h>
#include <sys/mman.h>

int main(void) {
    char path[] = "/tmp/mapped-XXXXXX", text[] = "what is in the file";
    int file = mkstemp(path), null = open("/dev/null", O_WRONLY);
    CHECK(write(file, text, sizeof text) == sizeof text);
    int other = open(path, O_RDONLY), program = open("/proc/self/exe", O_RDONLY);
    CHECK(unlink(path) == 0);
    for (int round = 0; round < 100; round++) {
        char *mapped = mmap(NULL, sizeof text, PROT_READ, MAP_PRIVATE, other, 0);
        CHECK(mapped != MAP_FAILED && strcmp(mapped, text) == 0);
        CHECK(write(null, &mapped, sizeof mapped) == sizeof mapped);
        CHECK(mmap(NULL, 0, PROT_READ, MAP_PRIVATE, other, 0) == MAP_FAILED);
        mapped = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, program, 0);
        CHECK(mapped != MAP_FAILED && memcmp(mapped, "\177ELF", 4) == 0);
        mapped[0] = 'x';
    }
    puts("mapped");
}
