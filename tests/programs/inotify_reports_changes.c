// inotify reports what happens in a directory, in order and with names.
#include "check.h"
#include <sys/inotify.h>

int main(void) {
    CHECK(mkdir("d", 0700) == 0);
    int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    int watch = inotify_add_watch(fd, "d", IN_CREATE | IN_CLOSE_WRITE | IN_MOVE | IN_DELETE);
    static char buffer[4096] __attribute__((aligned(8)));
    CHECK(fd >= 0 && watch == 1);
    CHECK_FAILS(read(fd, buffer, sizeof buffer), EAGAIN);
    CHECK(close(open("d/file", O_CREAT | O_WRONLY, 0600)) == 0);
    CHECK(rename("d/file", "d/other") == 0 && unlink("d/other") == 0 && mkdir("d/e", 0700) == 0);
    ssize_t count = read(fd, buffer, sizeof buffer);
    CHECK(count > 0);
    uint32_t cookie = 0;
    for (char *at = buffer; at < buffer + count;) {
        struct inotify_event *event = (void *)at;
        printf("%#x %s\n", event->mask, event->name);
        CHECK(event->wd == watch && (!event->cookie || !cookie || event->cookie == cookie));
        cookie = event->cookie ? event->cookie : cookie;
        at += sizeof *event + event->len;
    }
    CHECK(inotify_rm_watch(fd, watch) == 0 && read(fd, buffer, sizeof buffer) > 0);
    CHECK(((struct inotify_event *)(void *)buffer)->mask == IN_IGNORED);
}
