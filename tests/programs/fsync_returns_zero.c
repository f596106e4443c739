// fsync, fdatasync, syncfs and sync_file_range succeed on a file; fsync refuses a pipe.
#include "check.h"

int main(void) {
    int fd = open("file", O_CREAT | O_RDWR, 0600), ends[2];
    CHECK(write(fd, "text", 4) == 4);
    CHECK(fsync(fd) == 0);
    CHECK(fdatasync(fd) == 0);
    CHECK(syncfs(fd) == 0);
    if (sync_file_range(fd, 0, 4, SYNC_FILE_RANGE_WRITE) != 0)
        CHECK(errno == ENOSYS);
    int directory = open(".", O_RDONLY | O_DIRECTORY);
    CHECK(fsync(directory) == 0);
    CHECK(pipe(ends) == 0);
    CHECK_FAILS(fsync(ends[1]), EINVAL);
    CHECK_FAILS(fsync(-1), EBADF);
    puts("ok");
}
