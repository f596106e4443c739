// A file is cloned where its file system can do that; across file systems the error is EXDEV.
#include <linux/fs.h>
#include <sys/ioctl.h>

#include "check.h"

int main(void) {
    char content[8192];
    memset(content, 'x', sizeof content);
    int from = open("from", O_CREAT | O_RDWR, 0600);
    int to = open("to", O_CREAT | O_RDWR, 0600);
    CHECK(from >= 0 && to >= 0 && write(from, content, sizeof content) == sizeof content);
    int result = ioctl(to, FICLONE, from);
    printf("%d %d\n", result, result ? errno : 0);
    struct file_clone_range range = {.src_fd = from, .src_length = 4096};
    result = ioctl(to, FICLONERANGE, &range);
    printf("%d %d\n", result, result ? errno : 0);
    CHECK_FAILS(ioctl(to, FICLONE, -1), EBADF);
    CHECK_FAILS(ioctl(-1, FICLONE, from), EBADF);
    int elsewhere = open("/proc/self/stat", O_RDONLY);
    result = ioctl(to, FICLONE, elsewhere);
    printf("%d %d\n", result, result ? errno : 0);
    puts("ok");
}
