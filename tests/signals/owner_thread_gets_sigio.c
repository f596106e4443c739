// F_SETOWN_EX: a thread that owns a descriptor gets its signal, with the descriptor's number and band.
#define _GNU_SOURCE
#include "signals.h"
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/syscall.h>

static volatile int by, descriptor, band;
static int pair[2];

static void note(int number, siginfo_t *info, void *context) {
    (void)number, (void)context;
    by = (int)syscall(SYS_gettid);
    descriptor = info->si_fd;
    band = (int)info->si_band;
}

static void *own(void *unused) {
    struct f_owner_ex owner = {F_OWNER_TID, (int)syscall(SYS_gettid)}, told;
    CHECK(fcntl(pair[0], F_SETOWN_EX, &owner) == 0 && fcntl(pair[0], F_GETOWN_EX, &told) == 0);
    CHECK(told.pid == owner.pid && told.type == F_OWNER_TID);
    CHECK(fcntl(pair[0], F_SETSIG, SIGRTMIN) == 0);
    CHECK(fcntl(pair[0], F_SETFL, fcntl(pair[0], F_GETFL) | O_ASYNC | O_NONBLOCK) == 0);
    for (int i = 0; i < 10; i++) {
        char text[8];
        by = 0;
        CHECK(write(pair[1], "word", 4) == 4);
        while (by != owner.pid)
            sleep_ms(1);
        CHECK(descriptor == pair[0] && band & POLLIN);
        CHECK(read(pair[0], text, sizeof text) == 4);
    }
    return unused;
}

int main(void) {
    pthread_t thread;
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    on_info(SIGRTMIN, note, SA_RESTART);
    CHECK(pthread_create(&thread, NULL, own, NULL) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
    puts("ok");
}
