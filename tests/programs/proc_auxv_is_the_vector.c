// /proc/self/auxv says what the program was given on its stack.
#include "check.h"
#include <elf.h>
#include <sys/auxv.h>

extern char **environ;

int main(void) {
    Elf64_auxv_t read_back[64] = {{0}};
    char **end = environ;
    while (*end)
        end++;
    const Elf64_auxv_t *given = (const Elf64_auxv_t *)(end + 1);
    int file = open("/proc/self/auxv", O_RDONLY);
    ssize_t size = read(file, read_back, sizeof read_back);
    CHECK(file >= 0 && size > 0);
    int same = 0;
    for (; given->a_type != AT_NULL; given++) {
        for (const Elf64_auxv_t *other = read_back; other->a_type != AT_NULL; other++)
            if (other->a_type == given->a_type && other->a_type != AT_IGNORE) {
                CHECK(other->a_un.a_val == given->a_un.a_val);
                same++;
            }
    }
    CHECK(same >= 15 && getauxval(AT_ENTRY) != 0);
    puts("ok");
    return 0;
}
