// At the descriptor limit open, dup, pipe and socket fail with EMFILE and close helps.
#include "check.h"
#include <sys/resource.h>
#include <sys/socket.h>

int main(void) {
    struct rlimit limit;
    CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    limit.rlim_cur = 30;
    CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    int last = -1, ends[2];
    for (int fd; (fd = open("/dev/null", O_RDONLY)) >= 0;)
        last = fd;
    CHECK(errno == EMFILE && last == 29);
    CHECK_FAILS(dup(0), EMFILE);
    CHECK_FAILS(socket(AF_UNIX, SOCK_STREAM, 0), EMFILE);
    CHECK_FAILS(dup2(29, 30), EBADF);
    CHECK_FAILS(fcntl(29, F_DUPFD, 30), EINVAL);
    CHECK(close(20) == 0);
    CHECK_FAILS(pipe(ends), EMFILE);
    CHECK(open("/dev/null", O_RDONLY) == 20);
    printf("%d\n", last);
}
