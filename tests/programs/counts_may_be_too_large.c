// Counts that the kernel refuses, or that lead out of the program's memory: it reads no further than it must.
#include "check.h"
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>

static char *last_page; // nothing is mapped behind it

static void tick(int number) { (void)number; }

int main(void) {
    int ends[2];
    struct timespec now = {0, 0};
    last_page = mmap(NULL, 8192, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(last_page != MAP_FAILED && mprotect(last_page, 4096, PROT_READ | PROT_WRITE) == 0);
    CHECK(socketpair(AF_UNIX, SOCK_DGRAM, 0, ends) == 0);

    struct pollfd *ready = (struct pollfd *)last_page;
    *ready = (struct pollfd){ends[1], POLLOUT, 77};
    CHECK_FAILS(syscall(SYS_ppoll, ready, -1, &now, NULL, 0), EINVAL);
    CHECK_FAILS(syscall(SYS_poll, ready, -1, 0), EINVAL);
    CHECK(ready->revents == 77);

    struct mmsghdr *messages = (struct mmsghdr *)last_page + 60; // four up to the end
    struct iovec part = {"part", 4};
    for (int i = 0; i < 4; i++) {
        messages[i].msg_hdr = (struct msghdr){.msg_iov = &part, .msg_iovlen = 1};
    }
    struct sigaction action = {.sa_handler = tick, .sa_flags = SA_RESTART};
    struct itimerval often = {{0, 5000}, {0, 5000}}, never = {{0, 0}, {0, 0}};
    CHECK(sigaction(SIGALRM, &action, NULL) == 0 && setitimer(ITIMER_REAL, &often, NULL) == 0);
    CHECK(sendmmsg(ends[0], messages, 1000, MSG_DONTWAIT) == 4);
    messages[1].msg_hdr.msg_iovlen = 5000;
    CHECK(sendmmsg(ends[0], messages, 1000, MSG_DONTWAIT) == 1);
    messages[0].msg_hdr.msg_iovlen = 5000;
    CHECK_FAILS(sendmmsg(ends[0], messages, 1, MSG_DONTWAIT), EMSGSIZE);
    CHECK(setitimer(ITIMER_REAL, &never, NULL) == 0);

    CHECK_FAILS(syscall(SYS_fcntl, -1, 0x7fffffff, 0), EBADF);
    CHECK_FAILS(syscall(SYS_fcntl, ends[0], 0x7fffffff, 0), EINVAL);
    void *head;
    size_t size;
    CHECK(syscall(SYS_get_robust_list, 0, &head, &size) == 0 && size == 24);
    CHECK_FAILS(syscall(SYS_get_robust_list, 0, NULL, &size), EFAULT);
    CHECK_FAILS(syscall(SYS_get_robust_list, 0x7fffffff, &head, &size), ESRCH);
    long other = syscall(SYS_get_robust_list, 1, &head, &size); // as far as it may be seen
    printf("%ld\n", other);
    puts("ok");
}
