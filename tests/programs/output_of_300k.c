// 300 KB go to stdout in pieces of every size.
#include "check.h"

int main(void) {
    static char line[128];
    for (int i = 0; i < 4000; i++) {
        int length = 10 + i % 100;
        memset(line, 'a' + i % 26, (size_t)length);
        line[length] = '\n';
        CHECK(fwrite(line, 1, (size_t)length + 1, stdout) == (size_t)length + 1);
    }
    CHECK(fflush(stdout) == 0);
    static char block[60000];
    memset(block, '.', sizeof block);
    block[sizeof block - 1] = '\n';
    size_t done = 0;
    for (ssize_t count; done < sizeof block; done += (size_t)count)
        CHECK((count = write(1, block + done, sizeof block - done)) > 0);
}
