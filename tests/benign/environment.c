// The environment and the program's own name, from all places where they can be found.
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern char **environ;

static void print_file(const char *name) {
    FILE *file = fopen(name, "r");
    printf("~ ");
    for (int byte; file && (byte = getc(file)) != EOF;)
        printf("%02x", (unsigned)byte);
    puts("");
}

int main(void) {
    for (char **entry = environ; *entry; entry++)
        printf("~ %s\n", *entry);
    print_file("/proc/self/environ");
    print_file("/proc/self/cmdline");
    char folder[4096], link[4096] = "";
    printf("~ %s\n", getcwd(folder, sizeof folder));
    printf("%d\n", readlink("/proc/self/exe", link, sizeof link - 1) > 0);
    printf("~ %s %s %s\n", link, program_invocation_name, program_invocation_short_name);
    setenv("ADDED", "1", 1);
    fflush(stdout);
    return system("env | sort | grep ADDED");
}
