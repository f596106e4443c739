// All ways to ask for user and group ids agree with /proc/self/status.
#include "check.h"

int main(void) {
    uid_t uids[3];
    gid_t gids[3];
    CHECK(getresuid(&uids[0], &uids[1], &uids[2]) == 0);
    CHECK(getresgid(&gids[0], &gids[1], &gids[2]) == 0);
    CHECK(getuid() == uids[0] && geteuid() == uids[1]);
    CHECK(getgid() == gids[0] && getegid() == gids[1]);
    FILE *stream = fopen("/proc/self/status", "r");
    CHECK(stream);
    char line[4096];
    int lines = 0;
    while (fgets(line, sizeof line, stream)) {
        unsigned a, b, c;
        if (sscanf(line, "Uid: %u %u %u", &a, &b, &c) == 3)
            lines += a == uids[0] && b == uids[1] && c == uids[2];
        if (sscanf(line, "Gid: %u %u %u", &a, &b, &c) == 3)
            lines += a == gids[0] && b == gids[1] && c == gids[2];
    }
    CHECK(fclose(stream) == 0 && lines == 2);
    puts("ok");
}
