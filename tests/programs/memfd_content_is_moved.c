// sendfile, copy_file_range and splice move bytes between a memfd and a file, a pipe, a socket or another memfd.
#include "check.h"
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>

enum { SIZE = 300000 };

static char pattern[SIZE], content[SIZE];

static int memory(void) {
    int descriptor = memfd_create("memory", 0);
    CHECK(descriptor >= 0);
    return descriptor;
}

static int file(void) {
    char name[] = "/tmp/moved-XXXXXX";
    int descriptor = mkstemp(name);
    CHECK(descriptor >= 0 && unlink(name) == 0);
    return descriptor;
}

static void fill(int descriptor) {
    CHECK(write(descriptor, pattern, SIZE) == SIZE && lseek(descriptor, 0, SEEK_SET) == 0);
}

static void has_all(int descriptor) {
    memset(content, 0, SIZE);
    CHECK(lseek(descriptor, 0, SEEK_CUR) == SIZE);
    CHECK(pread(descriptor, content, SIZE, 0) == SIZE && memcmp(content, pattern, SIZE) == 0);
    char *mapped = mmap(NULL, SIZE, PROT_READ, MAP_SHARED, descriptor, 0);
    CHECK(mapped != MAP_FAILED && memcmp(mapped, pattern, SIZE) == 0 && munmap(mapped, SIZE) == 0);
}

static void by_sendfile(int from, int to) {
    fill(from);
    for (long done = 0; done < SIZE;) {
        ssize_t part = sendfile(to, from, NULL, (size_t)(SIZE - done));
        CHECK(part > 0);
        done += part;
        CHECK(lseek(from, 0, SEEK_CUR) == done && lseek(to, 0, SEEK_CUR) == done);
    }
    has_all(to);
    off_t offset = 10;
    CHECK(sendfile(to, from, &offset, 5) == 5 && offset == 15);
    CHECK(lseek(from, 0, SEEK_CUR) == SIZE && lseek(to, 0, SEEK_CUR) == SIZE + 5);
}

static void by_copying(int from, int to) {
    fill(from);
    for (long done = 0; done < SIZE;) {
        ssize_t part = copy_file_range(from, NULL, to, NULL, (size_t)(SIZE - done), 0);
        if (part < 0 && errno == EXDEV)
            return; // of different kinds: not before Linux 5.3, nor since 5.19
        CHECK(part > 0);
        done += part;
    }
    has_all(to);
    off_t source = 100, target = 0;
    CHECK(copy_file_range(from, &source, to, &target, 100, 0) == 100);
    CHECK(source == 200 && target == 100 && lseek(to, 0, SEEK_CUR) == SIZE);
    CHECK(pread(to, content, 100, 0) == 100 && memcmp(content, pattern + 100, 100) == 0);
}

static void through_pipe(int from, int to) {
    int ends[2];
    CHECK(pipe(ends) == 0);
    fill(from);
    for (long done = 0; done < SIZE;) {
        ssize_t part = splice(from, NULL, ends[1], NULL, 30000, 0);
        CHECK(part > 0 && splice(ends[0], NULL, to, NULL, (size_t)part, 0) == part);
        done += part;
    }
    has_all(to);
    off_t offset = 1000;
    CHECK(splice(from, &offset, ends[1], NULL, 50, 0) == 50 && offset == 1050);
    offset = 0;
    CHECK(splice(ends[0], NULL, to, &offset, 50, 0) == 50 && offset == 50);
    CHECK(pread(to, content, 50, 0) == 50 && memcmp(content, pattern + 1000, 50) == 0);
    close(ends[0]);
    close(ends[1]);
}

int main(void) {
    for (int i = 0; i < SIZE; i++)
        pattern[i] = (char)(i * 7 + i / 251);
    void (*ways[])(int, int) = {by_sendfile, by_copying, through_pipe};
    for (int way = 0; way < 3; way++) {
        ways[way](memory(), memory());
        ways[way](memory(), file());
        ways[way](file(), memory());
    }
    int pair[2], from = memory();
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    fill(from);
    CHECK(sendfile(pair[0], from, NULL, 1000) == 1000);
    CHECK(recv(pair[1], content, 1000, MSG_WAITALL) == 1000 && memcmp(content, pattern, 1000) == 0);
    CHECK_FAILS(sendfile(from, pair[1], NULL, 1000), EINVAL);
    puts("ok");
    return 0;
}
