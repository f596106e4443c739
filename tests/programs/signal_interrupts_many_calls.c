// accept, recv, epoll_wait, poll and usleep end with EINTR when a handler has run.
#include "check.h"
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/time.h>

static void handle(int number) { (void)number; }

int main(void) {
    struct sigaction action = {.sa_handler = handle};
    CHECK(sigaction(SIGALRM, &action, NULL) == 0);
    int server = socket(AF_UNIX, SOCK_STREAM, 0), set = epoll_create1(0), pair[2];
    struct sockaddr family = {.sa_family = AF_UNIX};
    CHECK(bind(server, &family, sizeof family.sa_family) == 0 && listen(server, 1) == 0);
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    struct itimerval often = {{0, 10000}, {0, 10000}}, never = {{0, 0}, {0, 0}};
    CHECK(setitimer(ITIMER_REAL, &often, NULL) == 0);
    char byte;
    struct epoll_event event;
    struct pollfd wanted = {.fd = pair[0], .events = POLLIN};
    CHECK_FAILS(accept(server, NULL, NULL), EINTR);
    CHECK_FAILS(recv(pair[0], &byte, 1, 0), EINTR);
    CHECK_FAILS(epoll_wait(set, &event, 1, -1), EINTR);
    CHECK_FAILS(poll(&wanted, 1, -1), EINTR);
    CHECK_FAILS(usleep(900000), EINTR);
    CHECK(setitimer(ITIMER_REAL, &never, NULL) == 0);
    puts("ok");
}
