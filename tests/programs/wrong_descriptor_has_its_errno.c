// read, write and ftruncate on the wrong kind of descriptor fail with the right errno.
#include "check.h"

int main(void) {
    char byte = 0;
    int directory = open(".", O_RDONLY), reader = open("/dev/null", O_RDONLY);
    int writer = open("file", O_CREAT | O_WRONLY, 0600);
    CHECK_FAILS(read(directory, &byte, 1), EISDIR);
    CHECK_FAILS(write(directory, &byte, 1), EBADF);
    CHECK_FAILS(write(reader, &byte, 1), EBADF);
    CHECK_FAILS(read(writer, &byte, 1), EBADF);
    CHECK_FAILS(read(1000, &byte, 1), EBADF);
    CHECK_FAILS(ftruncate(directory, 0), EINVAL);
    CHECK(write(writer, &byte, 0) == 0);
    puts("ok");
}
