// Writes one thing that a diversification is about: where something lies, or what it is.
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

extern char **environ;

// The same address; the compiler does not know.
static unsigned char *hidden(void *address) {
    __asm__ volatile("" : "+r"(address));
    return address;
}

static void show_file(const char *name) {
    char content[65536];
    FILE *file = fopen(name, "r");
    size_t count = file ? fread(content, 1, sizeof content, file) : 0;
    fwrite(content, 1, count, stdout);
}

int main(int count, char **words) {
    const char *what = words[count - 1];
    char local;
    if (!strcmp(what, "code"))
        printf("%p\n", (void *)main);
    else if (!strcmp(what, "library"))
        printf("%p\n", (void *)puts);
    else if (!strcmp(what, "loader"))
        printf("%#lx\n", getauxval(AT_BASE));
    else if (!strcmp(what, "stack"))
        printf("%p\n", (void *)&local);
    else if (!strcmp(what, "low-byte-of-stack"))
        printf("%#lx\n", (uintptr_t)&local & 0xff);
    else if (!strcmp(what, "stack-to-arguments"))
        printf("%td\n", words[0] - &local);
    else if (!strcmp(what, "canary"))
        printf("%#lx\n", *(unsigned long *)getauxval(AT_RANDOM));
    else if (!strcmp(what, "environment-to-arguments"))
        printf("%td\n", environ[0] - words[0]);
    else if (!strcmp(what, "heap"))
        printf("%p\n", malloc(100));
    else if (!strcmp(what, "large"))
        printf("%p\n", malloc(1 << 20));
    else if (!strcmp(what, "neighbour")) {
        char *first = malloc(100), *second = malloc(100);
        printf("%td\n", second - first);
    } else if (!strcmp(what, "fresh")) {
        printf("%#x\n", hidden(malloc(200))[100]);
    } else if (!strcmp(what, "freed")) {
        void *bytes = malloc(200);
        volatile unsigned char *same = hidden(bytes);
        same[100] = 42;
        free(bytes);
        printf("%#x\n", same[100]);
    } else if (!strcmp(what, "environment")) {
        for (char **entry = environ; *entry; entry++)
            puts(*entry);
        show_file("/proc/self/environ");
        show_file("/proc/self/cmdline");
        printf("%s %s\n", (char *)getauxval(AT_EXECFN), (char *)getauxval(AT_PLATFORM));
        return system("env");
    } else
        return 2;
    return 0;
}
