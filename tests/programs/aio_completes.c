// POSIX asynchronous I/O, done by threads of the library, completes with its result.
#include "check.h"
#include <aio.h>

int main(void) {
    char text[16] = "";
    int fd = open("file", O_CREAT | O_RDWR, 0600);
    struct aiocb out = {.aio_fildes = fd, .aio_buf = "asynchronous", .aio_nbytes = 12};
    struct aiocb in = {.aio_fildes = fd, .aio_buf = text, .aio_nbytes = 12};
    const struct aiocb *list[1] = {&out};
    CHECK(aio_write(&out) == 0);
    while (aio_error(&out) == EINPROGRESS)
        CHECK(aio_suspend(list, 1, NULL) == 0);
    CHECK(aio_error(&out) == 0 && aio_return(&out) == 12);
    CHECK(aio_read(&in) == 0);
    list[0] = &in;
    while (aio_error(&in) == EINPROGRESS)
        CHECK(aio_suspend(list, 1, NULL) == 0);
    CHECK(aio_return(&in) == 12);
    puts(text);
}
