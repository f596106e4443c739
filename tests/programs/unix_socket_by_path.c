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
    puts(text);
}
