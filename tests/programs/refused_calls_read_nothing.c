// Where a length is not allowed the kernel refuses the call and reads no byte: they may be anything.
#include <sys/socket.h>
#include <sys/syscall.h>

#include "check.h"

int main(void) {
    // Addresses of the program: not the same in all variants.
    const void *anything[32];
    for (size_t i = 0; i < sizeof anything / sizeof *anything; i++) {
        anything[i] = i % 2 ? (const void *)main : (const void *)&anything[i];
    }
    size_t wrong = 16;
    CHECK_FAILS(syscall(SYS_rt_sigprocmask, SIG_BLOCK, anything, NULL, wrong), EINVAL);
    CHECK_FAILS(syscall(SYS_rt_sigaction, SIGUSR1, anything, NULL, wrong), EINVAL);
    CHECK_FAILS(syscall(SYS_rt_sigsuspend, anything, wrong), EINVAL);
    CHECK_FAILS(syscall(SYS_rt_sigtimedwait, anything, NULL, anything, wrong), EINVAL);
    CHECK_FAILS(syscall(SYS_signalfd4, -1, anything, wrong, 0), EINVAL);
    CHECK_FAILS(syscall(SYS_ppoll, NULL, 0, NULL, anything, wrong), EINVAL);
    int sock = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(sock >= 0);
    CHECK_FAILS(bind(sock, (const struct sockaddr *)anything, 129), EINVAL);
    CHECK_FAILS(connect(sock, (const struct sockaddr *)anything, 1000), EINVAL);
    CHECK_FAILS(setsockopt(sock, SOL_SOCKET, SO_REUSEADDR, anything, (socklen_t)-1), EINVAL);
    int file = open("file", O_CREAT | O_RDWR, 0600);
    CHECK_FAILS(syscall(SYS_writev, file, anything, 1025L), EINVAL);
    CHECK_FAILS(syscall(SYS_fsetxattr, file, "user.name", anything, 65537L, 0), E2BIG);
    // These need a right: without it they are refused, too.
    CHECK(syscall(SYS_sethostname, anything, 65L) == -1 && (errno == EINVAL || errno == EPERM));
    CHECK(syscall(SYS_setdomainname, anything, 65L) == -1 && (errno == EINVAL || errno == EPERM));
    CHECK(syscall(SYS_setgroups, 65537L, anything) == -1 && (errno == EINVAL || errno == EPERM));
    puts("ok");
}
