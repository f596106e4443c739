// exec keeps the process number, parent, directory, mask and pending alarm; the heap starts anew.
#include "check.h"
#include <sys/time.h>

int main(int argc, char **argv) {
    if (argc == 3) {
        char cwd[2048];
        CHECK(atoi(argv[1]) == getpid() && atoi(argv[2]) == getppid());
        CHECK(umask(0) == 031 && getcwd(cwd, sizeof cwd));
        CHECK(strcmp(cwd + strlen(cwd) - 2, "/d") == 0);
        struct itimerval left;
        CHECK(getitimer(ITIMER_REAL, &left) == 0 && left.it_value.tv_sec > 0);
        puts("ok");
        return 0;
    }
    umask(031);
    CHECK(mkdir("d", 0700) == 0 && chdir("d") == 0);
    alarm(100);
    char self[16], parent[16];
    snprintf(self, sizeof self, "%d", (int)getpid());
    snprintf(parent, sizeof parent, "%d", (int)getppid());
    execl("/proc/self/exe", argv[0], self, parent, (char *)NULL);
    CHECK(!"exec");
}
