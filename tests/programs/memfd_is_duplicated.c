// A memfd is the same under all its numbers: after dup, dup2, dup3, fcntl, in a child and over exec.
#include "check.h"
#include <sys/mman.h>

static char content[64];

static const char *read_again(int descriptor) {
    ssize_t size = pread(descriptor, content, sizeof content - 1, 0);
    CHECK(size >= 0);
    content[size] = 0;
    return content;
}

int main(int argc, char **argv) {
    (void)argv;
    if (argc == 2) {
        CHECK(strcmp(read_again(STDOUT_FILENO), "one two three ") == 0);
        CHECK(write(STDOUT_FILENO, "four", 4) == 4);
        return 0;
    }
    int memory = memfd_create("memory", MFD_CLOEXEC);
    CHECK(memory >= 0);
    int out = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 20);
    int second = dup(memory);
    int third = fcntl(memory, F_DUPFD, 30);
    int fourth = fcntl(memory, F_DUPFD_CLOEXEC, 30);
    CHECK(out >= 20 && second > memory && third == 30 && fourth == 31);
    CHECK(fcntl(third, F_GETFD) == 0 && fcntl(fourth, F_GETFD) == FD_CLOEXEC);
    CHECK(dup2(memory, STDOUT_FILENO) == STDOUT_FILENO && dup3(memory, 40, O_CLOEXEC) == 40);
    CHECK(write(second, "one ", 4) == 4 && write(third, "two ", 4) == 4);
    CHECK(write(40, "three ", 6) == 6 && lseek(memory, 0, SEEK_CUR) == 14);
    CHECK(strcmp(read_again(fourth), "one two three ") == 0);
    char *mapped = mmap(NULL, 4096, PROT_READ, MAP_SHARED, third, 0);
    CHECK(mapped != MAP_FAILED && memcmp(mapped, "one two three ", 14) == 0);
    pid_t child = fork();
    if (!child) {
        close(memory);
        execl("/proc/self/exe", "again", "again", (char *)NULL);
        CHECK(!"exec");
    }
    CHECK(exit_code(child) == 0);
    CHECK(strcmp(read_again(memory), "one two three four") == 0);
    CHECK(memcmp(mapped, "one two three four", 18) == 0);
    CHECK(dup2(out, STDOUT_FILENO) == STDOUT_FILENO);
    puts("ok");
    return 0;
}
