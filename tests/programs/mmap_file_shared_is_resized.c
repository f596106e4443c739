// A shared mapping follows the file: grown, written through other descriptors, copied into, cut.
#include "check.h"
#include <setjmp.h>
#include <sys/mman.h>
#include <sys/sendfile.h>

static sigjmp_buf past_the_end;

static void caught(int number) {
    (void)number;
    siglongjmp(past_the_end, 1);
}

int main(void) {
    int fd = open("file", O_CREAT | O_RDWR, 0600);
    CHECK(write(fd, "begin", 5) == 5);
    char *map = mmap(NULL, 12288, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    CHECK(map != MAP_FAILED && strcmp(map, "begin") == 0);
    signal(SIGBUS, caught);
    if (sigsetjmp(past_the_end, 1) == 0) {
        printf("%d", map[8192]);
        return 1;
    }
    CHECK(ftruncate(fd, 12288) == 0 && map[8192] == 0);
    int other = open("file", O_WRONLY | O_APPEND);
    CHECK(ftruncate(other, 12280) == 0 && write(other, "appended", 8) == 8);
    CHECK(memcmp(map + 12280, "appended", 8) == 0);
    int source = open("source", O_CREAT | O_RDWR, 0600);
    CHECK(write(source, "from another file", 18) == 18);
    off_t start = 0;
    CHECK(lseek(fd, 4096, SEEK_SET) == 4096 && sendfile(fd, source, &start, 18) == 18);
    CHECK(strcmp(map + 4096, "from another file") == 0);
    loff_t from = 0, to = 6000;
    CHECK(copy_file_range(source, &from, fd, &to, 18, 0) == 18);
    CHECK(strcmp(map + 6000, "from another file") == 0);
    CHECK(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 4096, 4096) == 0);
    CHECK(map[4096] == 0 && map[6000] == 0 && strcmp(map, "begin") == 0);
    CHECK(close(open("file", O_WRONLY | O_TRUNC)) == 0 && truncate("file", 4096) == 0);
    CHECK(map[0] == 0);
    strcpy(map, "stored");
    char text[8] = "";
    CHECK(pread(fd, text, 6, 0) == 6);
    puts(text);
}
