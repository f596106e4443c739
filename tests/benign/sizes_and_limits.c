// Numbers about the platform, which look like addresses to whoever is looking for addresses.
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

int main(void) {
    printf("%zu %zu %zu %zu\n", sizeof(void *), sizeof(long double), sizeof(FILE), sizeof(struct rusage));
    printf("%lx %lx %p\n", ULONG_MAX, (unsigned long)UINTPTR_MAX, (void *)0x7fff12345678);
    for (long address = 0x550000000000; address < 0x560000000000; address += 0x1234567890)
        printf("%#lx\n", address);
    struct rlimit limit;
    for (int resource = 0; resource < 16; resource++)
        if (!getrlimit((unsigned)resource, &limit))
            printf("~ %d %#lx %#lx\n", resource, limit.rlim_cur, limit.rlim_max);
    for (int name = 0; name < 200; name++)
        printf("~ %d %ld\n", name, sysconf(name));
    return 0;
}
