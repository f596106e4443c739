// A UNIX stream server is found by a path in the file system, which must be free to bind.
#include "check.h"
#include <sys/socket.h>
#include <sys/un.h>

int main(void) {
    struct sockaddr_un name = {.sun_family = AF_UNIX, .sun_path = "socket"}, seen = {0};
    int server = socket(AF_UNIX, SOCK_STREAM, 0), second = socket(AF_UNIX, SOCK_STREAM, 0);
    CHECK(bind(server, (struct sockaddr *)&name, sizeof name) == 0 && listen(server, 2) == 0);
    CHECK_FAILS(bind(second, (struct sockaddr *)&name, sizeof name), EADDRINUSE);
    CHECK(connect(second, (struct sockaddr *)&name, sizeof name) == 0);
    int fd = accept(server, NULL, NULL);
    CHECK(fd >= 0 && write(second, "by path", 7) == 7);
    char text[16] = "";
    CHECK(read(fd, text, sizeof text) == 7);
    socklen_t length = sizeof seen;
    CHECK(getpeername(second, (struct sockaddr *)&seen, &length) == 0);
    CHECK(strcmp(seen.sun_path, "socket") == 0);
    struct stat info;
    CHECK(stat("socket", &info) == 0 && S_ISSOCK(info.st_mode));
    // Each name ends where its own zero is, whatever lay there before.
    char rubbish[4096];
    memset(rubbish, 'x', sizeof rubbish);
    int nowhere = open("/dev/null", O_WRONLY);
    for (int i = 0; i < 256; i++)
        CHECK(write(nowhere, rubbish, sizeof rubbish) == sizeof rubbish);
    for (int size = 20; size > 1; size--) {
        memset(name.sun_path, 0, sizeof name.sun_path);
        memset(name.sun_path, 'a' + size, (size_t)size);
        int other = socket(AF_UNIX, SOCK_DGRAM, 0);
        socklen_t whole = (socklen_t)(sizeof name.sun_family + (size_t)size + 1);
        CHECK(bind(other, (struct sockaddr *)&name, size % 2 ? sizeof name : whole) == 0);
        CHECK(lstat(name.sun_path, &info) == 0 && S_ISSOCK(info.st_mode));
    }
    puts(text);
}
