// Who may make namespaces has a network and a host name of its own there; a new image runs in them.
#include "check.h"
#include <sched.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>

// An abstract address is taken in one network namespace, and free in another.
static int take_address(const char *number) {
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    snprintf(name.sun_path + 1, sizeof name.sun_path - 1, "taken-%s", number);
    int file = socket(AF_UNIX, SOCK_STREAM, 0);
    CHECK(file >= 0);
    return bind(file, (struct sockaddr *)&name, sizeof name) ? errno : 0;
}

static int run_there(unsigned long flags, const char *number) {
    long child = syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0);
    if (child == 0) {
        execl("/proc/self/exe", "there", number, (char *)NULL);
        _exit(127);
    }
    return child < 0 ? -errno : exit_code((pid_t)child);
}

int main(int argc, char **argv) {
    if (argc == 2) {
        return take_address(argv[1]);
    }
    char number[16];
    snprintf(number, sizeof number, "%d", getpid());
    CHECK(take_address(number) == 0 && run_there(0, number) == EADDRINUSE);
    int result = run_there(CLONE_NEWNET, number);
    CHECK(result == 0 || result == -EPERM);
    CHECK(unshare(0) == 0 && unshare(CLONE_FS | CLONE_SYSVSEM) == 0 && unshare(CLONE_FILES) == 0);
    CHECK(unshare(CLONE_NEWUTS) == 0 || errno == EPERM);
    int own = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    CHECK(own >= 0);
    if (unshare(CLONE_NEWNET) == 0) {
        char name[65];
        CHECK(sethostname("elsewhere", 9) == 0);
        CHECK(gethostname(name, sizeof name) == 0 && strcmp(name, "elsewhere") == 0);
        CHECK(take_address(number) == 0 && run_there(0, number) == EADDRINUSE);
        CHECK(setns(own, CLONE_NEWNET) == 0);
    } else {
        CHECK(errno == EPERM);
    }
    CHECK(take_address(number) == EADDRINUSE);
    puts("ok");
}
