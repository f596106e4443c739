// A server that answers one of two clients, and then computes for long, or ends at once by whatever
// means, has answered by then.
#include "connections.h"

#include <sys/mman.h>
#include <time.h>

static int64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void compute(void) {
    for (volatile uint64_t left = 200000000; left; left--) {
    }
}

static void serve(int listener, int way) {
    int epoll = epoll_create1(EPOLL_CLOEXEC), connections[2];
    struct epoll_event events[2];
    char byte;
    int64_t end_ns;
    accept_all(listener, epoll, connections, 2);
    await(epoll, events, 2);
    CHECK(read(connections[0], &byte, 1) == 1 && read(connections[1], &byte, 1) == 1);
    CHECK(write(connections[0], "answer", 6) == 6);
    switch (way) {
    case 0:
        compute();
        end_ns = now_ns();
        CHECK(write(connections[1], &end_ns, sizeof end_ns) == sizeof end_ns);
        break;
    case 1:
        kill(getpid(), SIGKILL);
        break;
    case 2:
        abort();
    case 3:
        execlp("true", "true", NULL);
        break;
    case 4:
        raise(SIGTERM);
        break;
    case 5:
        *(volatile int *)(uintptr_t)way = 0;
    }
    _exit(0);
}

int main(void) {
    struct sockaddr_in place;
    int listener = listening(&place);
    for (int way = 0; way < 7; way++) {
        pid_t child = fork();
        if (!child) {
            serve(listener, way);
        }
        int first = connected(&place), second = connected(&place);
        char answer[6];
        CHECK(write(first, "1", 1) == 1 && write(second, "2", 1) == 1);
        read_exactly(first, answer, sizeof answer);
        int64_t answered_ns = now_ns(), end_ns;
        if (way == 0) {
            read_exactly(second, &end_ns, sizeof end_ns);
            CHECK(answered_ns < end_ns);
        }
        static const int statuses[] = {0, SIGKILL, SIGABRT, 0, SIGTERM, SIGSEGV, 0};
        CHECK((wait_status(child) & 0x7f) == statuses[way]);
        close(first);
        close(second);
    }
    puts("ok");
}
