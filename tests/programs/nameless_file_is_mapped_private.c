// A file without a name can be mapped privately by who made it; one open only for writing cannot.
#include "check.h"
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>

int main(void) {
    int file = open(".", O_TMPFILE | O_RDWR, 0600);
    CHECK(file >= 0 && write(file, "nameless", 9) == 9);
    char *map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 0);
    CHECK(map != MAP_FAILED && strcmp(map, "nameless") == 0);
    map[0] = 'N';
    char content[9];
    CHECK(pread(file, content, 9, 0) == 9 && content[0] == 'n');
    pid_t child = fork();
    if (child == 0) {
        char *again = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, dup(file), 0);
        CHECK(again != MAP_FAILED && again[0] == 'n' && map[0] == 'N');
        _exit(0);
    }
    int status;
    CHECK(waitpid(child, &status, 0) == child && status == 0);

    int only = open("only", O_CREAT | O_WRONLY, 0600);
    int ends[2];
    CHECK(only >= 0 && write(only, "x", 1) == 1 && pipe(ends) == 0);
    CHECK(mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, only, 0) == MAP_FAILED && errno == EACCES);
    CHECK(mmap(NULL, 4096, PROT_READ, MAP_SHARED, only, 0) == MAP_FAILED && errno == EACCES);
    CHECK(mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, ends[1], 0) == MAP_FAILED && errno == EACCES);
    CHECK(mmap(NULL, 4096, PROT_READ, MAP_SHARED, ends[1], 0) == MAP_FAILED && errno == EACCES);
    CHECK(mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, ends[0], 0) == MAP_FAILED && errno == ENODEV);
    CHECK(unlink("only") == 0);
    puts("ok");
}
