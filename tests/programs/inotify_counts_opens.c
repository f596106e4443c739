// A watch tells of each open and of each end once, and the file can still be mapped.
#include "check.h"
#include <stdarg.h>
#include <sys/inotify.h>
#include <sys/mman.h>

static int watch;

static void expect(const char *name, unsigned first, ...) {
    static char events[4096];
    ssize_t size = read(watch, events, sizeof events);
    unsigned wanted[4] = {first};
    va_list list;
    va_start(list, first);
    for (int i = 1; wanted[i - 1]; i++)
        wanted[i] = va_arg(list, unsigned);
    va_end(list);
    char *place = events;
    for (int i = 0; wanted[i]; i++) {
        struct inotify_event *event = (struct inotify_event *)place;
        CHECK(place < events + size && event->mask == wanted[i]);
        CHECK(strcmp(event->len ? event->name : "", name) == 0);
        place += sizeof *event + event->len;
    }
    CHECK(size < 0 ? errno == EAGAIN : place == events + size);
}

int main(void) {
    char folder[] = "/tmp/watched.XXXXXX", byte;
    CHECK(mkdtemp(folder) && chdir(folder) == 0);
    int file = open("file", O_CREAT | O_WRONLY, 0600);
    CHECK(write(file, "content", 7) == 7 && close(file) == 0);
    CHECK((watch = inotify_init1(IN_NONBLOCK)) >= 0);
    CHECK(inotify_add_watch(watch, ".", IN_OPEN | IN_CLOSE | IN_ACCESS) > 0);
    CHECK((file = open("file", O_RDONLY)) >= 0 && read(file, &byte, 1) == 1 && byte == 'c');
    expect("file", IN_OPEN, IN_ACCESS, 0);
    int copy = dup(file);
    CHECK(close(file) == 0);
    expect("file", 0);
    CHECK(close(copy) == 0);
    expect("file", IN_CLOSE_NOWRITE, 0);
    int other = open(".", O_RDONLY | O_DIRECTORY);
    CHECK(other >= 0 && openat(other, "missing", O_RDONLY) == -1 && errno == ENOENT);
    CHECK(fchdir(other) == 0 && close(other) == 0);
    expect("", IN_OPEN | IN_ISDIR, IN_CLOSE_NOWRITE | IN_ISDIR, 0);
    pid_t child = fork();
    if (child == 0)
        _exit((file = open("file", O_RDONLY | O_CLOEXEC)) < 0 || read(file, &byte, 1) != 1);
    CHECK(exit_code(child) == 0);
    expect("file", IN_OPEN, IN_ACCESS, IN_CLOSE_NOWRITE, 0);
    CHECK((file = open("file", O_RDWR)) >= 0);
    char *map = mmap(NULL, 7, PROT_READ, MAP_PRIVATE, file, 0);
    CHECK(map != MAP_FAILED && memcmp(map, "content", 7) == 0 && munmap(map, 7) == 0);
    CHECK(write(file, "C", 1) == 1 && pread(file, &byte, 1, 0) == 1 && byte == 'C');
    CHECK(close(file) == 0 && close(watch) == 0);
    CHECK(unlink("file") == 0 && chdir("/") == 0 && rmdir(folder) == 0);
    puts("once");
}
