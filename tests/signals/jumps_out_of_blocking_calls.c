// siglongjmp out of a handler that interrupted a blocking call leaves it for good.
#include "signals.h"
#include <poll.h>
#include <setjmp.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/select.h>

static sigjmp_buf back;

static void out(int number) {
    siglongjmp(back, number);
}

int main(void) {
    int ends[2];
    char byte = 0;
    CHECK(pipe(ends) == 0);
    int queue = epoll_create1(0);
    pid_t child = fork();
    if (child == 0)
        for (;;)
            pause();
    on(SIGALRM, out, SA_RESTART);
    volatile int jumps = 0;
    for (volatile int i = 0; i < 40; i++) {
        if (sigsetjmp(back, 1) == SIGALRM) {
            jumps++;
            continue;
        }
        alarm_us(1000 + i * 37, 0);
        struct timespec long_time = {20, 0};
        struct epoll_event event;
        switch (i % 8) {
        case 0: read(ends[0], &byte, 1); break;
        case 1: nanosleep(&long_time, NULL); break;
        case 2: pause(); break;
        case 3: waitpid(child, NULL, 0); break;
        case 4: poll(&(struct pollfd){.fd = ends[0], .events = POLLIN}, 1, -1); break;
        case 5: epoll_wait(queue, &event, 1, -1); break;
        case 6: select(0, NULL, NULL, NULL, NULL); break;
        case 7: for (;;) if (write(ends[1], &byte, 0)) break;
        }
        return 1;
    }
    CHECK(jumps == 40 && kill(child, SIGKILL) == 0 && ended_by(child) == SIGKILL);
    CHECK(write(ends[1], "x", 1) == 1 && read(ends[0], &byte, 1) == 1 && byte == 'x');
    puts("ok");
}
