// An abstract UNIX address, chosen by the kernel, leaves nothing in the file system.
#include "check.h"
#include <sys/socket.h>
#include <sys/un.h>

int main(void) {
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    int server = socket(AF_UNIX, SOCK_STREAM, 0), client = socket(AF_UNIX, SOCK_STREAM, 0);
    CHECK(bind(server, (struct sockaddr *)&name, sizeof name.sun_family) == 0);
    CHECK(listen(server, 1) == 0);
    socklen_t length = sizeof name;
    CHECK(getsockname(server, (struct sockaddr *)&name, &length) == 0);
    CHECK(length == sizeof name.sun_family + 6 && name.sun_path[0] == 0);
    CHECK(connect(client, (struct sockaddr *)&name, length) == 0);
    int fd = accept(server, NULL, NULL);
    CHECK(fd >= 0 && write(fd, "abstract", 8) == 8);
    char text[16] = "";
    CHECK(read(client, text, sizeof text) == 8);
    puts(text);
}
