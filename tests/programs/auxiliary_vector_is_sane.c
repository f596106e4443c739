// The auxiliary vector tells page size, entry, ids and the program's name; nothing is left over.
#include "check.h"
#include <elf.h>
#include <sys/auxv.h>

int main(int argc, char **argv) {
    CHECK(argc == 1 && getauxval(AT_PAGESZ) == 4096 && getauxval(AT_CLKTCK) == 100);
    CHECK(getauxval(AT_UID) == getuid() && getauxval(AT_EGID) == getegid());
    CHECK(getauxval(AT_SECURE) == 0 && getauxval(AT_ENTRY) != 0);
    const char *name = (const char *)getauxval(AT_EXECFN);
    const char *platform = (const char *)getauxval(AT_PLATFORM);
    CHECK(name && strstr(name, "auxiliary_vector_is_sane"));
    CHECK(strstr(argv[0], "auxiliary_vector_is_sane") && platform);
    const Elf64_Phdr *header = (const Elf64_Phdr *)getauxval(AT_PHDR);
    CHECK(header && getauxval(AT_PHENT) == sizeof *header);
    int loads = 0;
    for (unsigned long i = 0; i < getauxval(AT_PHNUM); i++)
        loads += header[i].p_type == PT_LOAD;
    CHECK(loads >= 2);
    char **end = environ;
    while (*end)
        end++;
    for (const Elf64_auxv_t *entry = (const void *)(end + 1); entry->a_type; entry++)
        CHECK(entry->a_type != AT_IGNORE || !entry->a_un.a_val); // an address would be left over
    puts(platform);
}
