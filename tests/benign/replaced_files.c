// Files that are written aside, renamed over the former one, mapped at once and soon removed or shortened (as git does
// with its configuration).
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { ROUNDS = 40, SIZE = 100 };

static int look(const char *path, char expected) {
    int file = open(path, O_RDONLY);
    char *start = mmap(NULL, SIZE, PROT_READ, MAP_PRIVATE, file, 0);
    if (file < 0 || start == MAP_FAILED || *start != expected)
        return 1;
    return munmap(start, SIZE) || close(file);
}

int main(void) {
    char content[SIZE];
    for (int round = 0; round < ROUNDS; round++) {
        memset(content, 'a' + round % 26, sizeof content);
        int file = open("lock", O_WRONLY | O_CREAT | O_EXCL, 0600);
        if (file < 0 || write(file, content, sizeof content) != sizeof content || close(file))
            return 1;
        if (rename("lock", "file") || look("file", *content))
            return 1;
        if (round % 3 == 1 && truncate("file", 0))
            return 1;
        if (round % 3 == 2 && unlink("file"))
            return 1;
    }
    return unlink("file");
}
