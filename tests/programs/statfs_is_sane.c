// statfs, fstatfs and statvfs tell the same of one file system.
#include "check.h"
#include <sys/statvfs.h>
#include <sys/vfs.h>

int main(void) {
    struct statfs by_name, by_fd;
    struct statvfs portable;
    int fd = open(".", O_RDONLY);
    CHECK(statfs(".", &by_name) == 0 && fstatfs(fd, &by_fd) == 0 && statvfs(".", &portable) == 0);
    CHECK(by_name.f_type == by_fd.f_type && by_name.f_bsize == by_fd.f_bsize);
    CHECK(portable.f_namemax == (unsigned long)by_name.f_namelen);
    CHECK(by_name.f_bsize > 0 && by_name.f_namelen >= 255 && by_name.f_bfree <= by_name.f_blocks);
    CHECK(statfs("/proc", &by_name) == 0 && by_name.f_type == 0x9fa0);
    CHECK_FAILS(statfs("missing", &by_name), ENOENT);
    puts("ok");
}
