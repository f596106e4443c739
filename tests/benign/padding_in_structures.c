// Structures handed to the kernel with holes that hold what was on the stack before: addresses of this variant.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static int main_address(void) { return 0; }

__attribute__((noinline)) static void soil(void) {
    void *volatile frames[512];
    for (int i = 0; i < 512; i++)
        frames[i] = i % 2 ? (void *)&frames[i] : (void *)main_address;
    __asm__ volatile("" : : "r"(frames) : "memory");
}

#define USED(object) __asm__ volatile("" : : "r"(&(object)) : "memory")

__attribute__((noinline)) static int sockets(void) {
    struct sockaddr_in address;
    USED(address);
    address.sin_family = AF_INET; // and not sin_zero
    address.sin_port = 0;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int one = socket(AF_INET, SOCK_DGRAM, 0), other = socket(AF_INET, SOCK_DGRAM, 0);
    socklen_t size = sizeof address;
    int failed = bind(one, (struct sockaddr *)&address, size);
    struct sockaddr_in bound;
    USED(bound);
    failed |= getsockname(one, (struct sockaddr *)&bound, &size);
    address.sin_port = bound.sin_port;
    char text[] = "text";
    struct iovec vector = {text, 4};
    struct msghdr message;
    USED(message);
    message.msg_name = &address;
    message.msg_namelen = sizeof address;
    message.msg_iov = &vector;
    message.msg_iovlen = 1;
    message.msg_control = NULL;
    message.msg_controllen = 0; // and not msg_flags
    return failed | (sendmsg(other, &message, 0) != 4);
}

__attribute__((noinline)) static int readiness(void) {
    int pipes[2], set = epoll_create1(0);
    if (pipe(pipes))
        return 1;
    struct epoll_event event;
    USED(event);
    event.events = EPOLLIN;
    event.data.fd = pipes[0]; // and not the other half
    struct pollfd wanted[2];
    USED(wanted);
    wanted[0].fd = pipes[0];
    wanted[0].events = POLLIN; // and not revents, and nothing of the second
    return epoll_ctl(set, EPOLL_CTL_ADD, pipes[0], &event) | poll(wanted, 1, 0) | epoll_wait(set, &event, 1, 0);
}

__attribute__((noinline)) static int locks(void) {
    int file = fileno(tmpfile());
    struct flock lock;
    USED(lock);
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    lock.l_start = 0;
    lock.l_len = 4; // and not l_pid, nor the hole after l_whence
    return fcntl(file, F_SETLK, &lock);
}

__attribute__((noinline)) static int timers(void) {
    struct itimerspec timer;
    USED(timer);
    timer.it_interval.tv_sec = timer.it_interval.tv_nsec = 0;
    timer.it_value.tv_sec = 100;
    timer.it_value.tv_nsec = 0;
    int descriptor = timerfd_create(CLOCK_MONOTONIC, 0);
    struct sigevent event;
    USED(event);
    event.sigev_notify = SIGEV_NONE; // and nothing else
    timer_t made;
    return timerfd_settime(descriptor, 0, &timer, NULL) | timer_create(CLOCK_MONOTONIC, &event, &made);
}

__attribute__((noinline)) static int actions(void) {
    struct sigaction action;
    USED(action);
    action.sa_handler = SIG_IGN;
    sigemptyset(&action.sa_mask); // and not sa_flags' upper half, nor sa_restorer
    action.sa_flags = 0;
    return sigaction(SIGUSR1, &action, NULL);
}

int main(void) {
    int (*const all[])(void) = {sockets, readiness, locks, timers, actions};
    for (unsigned i = 0; i < sizeof all / sizeof *all; i++) {
        soil();
        printf("%d\n", all[i]());
    }
    return 0;
}
