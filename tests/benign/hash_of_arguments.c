// Hashes of everything that a program is given at its start but addresses.
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>

extern char **environ;

static unsigned long hash(const char *text) {
    unsigned long value = 5381;
    while (*text)
        value = value * 33 ^ (unsigned char)*text++;
    return value;
}

int main(int count, char **words) {
    for (int i = 1; i < count; i++)
        printf("%lx\n", hash(words[i]));
    for (char **entry = environ; *entry; entry++)
        printf("~ %lx\n", hash(*entry));
    static const unsigned long kinds[] = {AT_PAGESZ, AT_PHNUM, AT_HWCAP, AT_CLKTCK, AT_UID, AT_SECURE, AT_FLAGS, AT_HWCAP2};
    for (unsigned i = 0; i < sizeof kinds / sizeof *kinds; i++)
        printf("~ %lx\n", getauxval(kinds[i]));
    printf("%s\n", (char *)getauxval(AT_PLATFORM));
    printf("~ %s\n", (char *)getauxval(AT_EXECFN));
    return 0;
}
