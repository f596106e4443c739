// writev joins its pieces in order; readv fills its pieces in order, empty ones included.
#include "check.h"
#include <sys/uio.h>

int main(void) {
    int fd = open("file", O_CREAT | O_RDWR, 0600);
    struct iovec out[4] = {{"first ", 6}, {NULL, 0}, {"second ", 7}, {"third", 5}};
    CHECK(writev(fd, out, 4) == 18);
    CHECK(lseek(fd, 0, SEEK_SET) == 0);
    char head[7] = "", body[8] = "", tail[32] = "";
    struct iovec in[3] = {{head, 6}, {body, 7}, {tail, sizeof tail - 1}};
    CHECK(readv(fd, in, 3) == 18);
    printf("%s|%s|%s\n", head, body, tail);
}
