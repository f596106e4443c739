// Writing over RLIMIT_FSIZE is cut, then fails with EFBIG and SIGXFSZ.
#include "check.h"
#include <sys/resource.h>

static volatile sig_atomic_t count;

static void handle(int number) {
    CHECK(number == SIGXFSZ);
    count++;
}

int main(void) {
    pid_t child = fork();
    if (child == 0) {
        struct rlimit limit = {0, 0};
        CHECK(setrlimit(RLIMIT_CORE, &limit) == 0); // SIGXFSZ would leave a core file
        CHECK(getrlimit(RLIMIT_FSIZE, &limit) == 0);
        limit.rlim_cur = 1000;
        CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0 && signal(SIGXFSZ, handle) != SIG_ERR);
        int fd = open("file", O_CREAT | O_RDWR, 0600);
        static char bytes[800];
        CHECK(write(fd, bytes, 800) == 800);
        CHECK(write(fd, bytes, 800) == 200 && count == 0);
        CHECK_FAILS(write(fd, bytes, 1), EFBIG);
        CHECK(count == 1);
        CHECK_FAILS(ftruncate(fd, 2000), EFBIG);
        signal(SIGXFSZ, SIG_DFL);
        CHECK(write(fd, bytes, 1) == -1);
        _exit(1);
    }
    int status = wait_status(child);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGXFSZ);
    puts("ok");
}
