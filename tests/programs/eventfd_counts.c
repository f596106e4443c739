// An eventfd adds what is written and gives the sum once; as a semaphore it gives ones.
#include "check.h"
#include <poll.h>
#include <sys/eventfd.h>

int main(void) {
    int sum = eventfd(3, EFD_NONBLOCK), ones = eventfd(2, EFD_SEMAPHORE | EFD_NONBLOCK);
    eventfd_t value;
    CHECK(eventfd_write(sum, 4) == 0 && eventfd_read(sum, &value) == 0 && value == 7);
    CHECK_FAILS(eventfd_read(sum, &value), EAGAIN);
    CHECK(eventfd_read(ones, &value) == 0 && value == 1);
    CHECK(eventfd_read(ones, &value) == 0 && value == 1);
    CHECK_FAILS(eventfd_read(ones, &value), EAGAIN);
    struct pollfd wanted = {.fd = sum, .events = POLLIN | POLLOUT};
    CHECK(poll(&wanted, 1, 0) == 1 && wanted.revents == POLLOUT);
    CHECK(eventfd_write(sum, UINT64_MAX - 1) == 0);
    CHECK(poll(&wanted, 1, 0) == 1 && wanted.revents == POLLIN);
    CHECK_FAILS(eventfd_write(sum, 1), EAGAIN);
    CHECK_FAILS(write(sum, &value, 4), EINVAL);
    puts("ok");
}
