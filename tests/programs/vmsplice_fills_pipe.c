// vmsplice puts memory into a pipe; where it is refused, writev does the same.
#include "check.h"
#include <sys/uio.h>

int main(void) {
    int ends[2];
    CHECK(pipe(ends) == 0);
    static char pages[2][16] = {"from memory ", "to the pipe"};
    struct iovec pieces[2] = {{pages[0], 12}, {pages[1], 11}};
    if (vmsplice(ends[1], pieces, 2, 0) != 23) {
        CHECK(errno == ENOSYS || errno == EINVAL);
        CHECK(writev(ends[1], pieces, 2) == 23);
    }
    char text[32] = "";
    CHECK(read(ends[0], text, sizeof text) == 23);
    puts(text);
}
