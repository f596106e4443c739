// A program that lies in a memfd is executed by its descriptor.
#include "check.h"
#include <sys/mman.h>

int main(int argc, char **argv) {
    if (argc > 1) {
        puts(argv[1]);
        return 7;
    }
    int file = memfd_create("program", MFD_CLOEXEC), self = open("/proc/self/exe", O_RDONLY);
    char bytes[65536];
    ssize_t count;
    CHECK(file >= 0 && self >= 0);
    while ((count = read(self, bytes, sizeof bytes)) > 0) {
        CHECK(write(file, bytes, count) == count);
    }
    pid_t child = fork();
    if (child == 0) {
        char *words[] = {"program", "from memory", NULL};
        fexecve(file, words, environ);
        _exit(1);
    }
    CHECK(exit_code(child) == 7);
    puts("ok");
}
