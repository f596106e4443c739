// poll reports reading, writing, hang-up and bad descriptors, each in its place.
#include "check.h"
#include <poll.h>

int main(void) {
    int one[2], two[2];
    CHECK(pipe(one) == 0 && pipe(two) == 0);
    struct pollfd set[5] = {{.fd = one[0], .events = POLLIN},
                            {.fd = one[1], .events = POLLOUT},
                            {.fd = -1, .events = POLLIN},
                            {.fd = two[0], .events = POLLIN},
                            {.fd = 900, .events = POLLIN}};
    CHECK(poll(set, 5, -1) == 2);
    CHECK(set[0].revents == 0 && set[1].revents == POLLOUT && set[2].revents == 0);
    CHECK(set[3].revents == 0 && set[4].revents == POLLNVAL);
    CHECK(write(one[1], "x", 1) == 1 && close(two[1]) == 0);
    CHECK(poll(set, 4, 1000) == 3);
    CHECK(set[0].revents == POLLIN && set[3].revents == POLLHUP);
    CHECK(close(one[0]) == 0 && poll(set + 1, 1, 0) == 1 && set[1].revents == (POLLOUT | POLLERR));
    puts("ok");
}
