// A file's handle opens the file again, whatever it is called now.
#include "check.h"
#include <sys/mman.h>

int main(void) {
    union {
        struct file_handle head;
        char bytes[sizeof(struct file_handle) + MAX_HANDLE_SZ];
    } handle = {.head.handle_bytes = 0};
    int mount = -1, folder = open(".", O_RDONLY | O_DIRECTORY), file = open("file", O_CREAT | O_RDWR, 0600);
    CHECK(folder >= 0 && file >= 0 && write(file, "content", 7) == 7);
    CHECK_FAILS(name_to_handle_at(folder, "nothing", &handle.head, &mount, 0), ENOENT);
    CHECK_FAILS(name_to_handle_at(folder, "file", NULL, &mount, 0), EFAULT);
    CHECK_FAILS(name_to_handle_at(folder, "file", &handle.head, &mount, -1), EINVAL);
    if (name_to_handle_at(folder, "file", &handle.head, &mount, 0) == -1 && errno == EOPNOTSUPP) {
        puts("this file system has no handles");
        return 0;
    }
    CHECK(errno == EOVERFLOW && handle.head.handle_bytes > 0 && mount >= 0);
    unsigned size = handle.head.handle_bytes;
    handle.head.handle_bytes = MAX_HANDLE_SZ;
    CHECK(name_to_handle_at(file, "", &handle.head, &mount, AT_EMPTY_PATH) == 0);
    CHECK(handle.head.handle_bytes == size);
    CHECK(rename("file", "other") == 0);
    for (unsigned i = 0; i < size; i++) {
        printf("%02x", handle.head.f_handle[i] != 0); // compared, though it is another in every run
    }
    int again = open_by_handle_at(folder, &handle.head, O_RDWR | O_CLOEXEC);
    if (again < 0) {
        CHECK(errno == EPERM); // not root
        puts(" not permitted");
        return 0;
    }
    char content[8] = "";
    CHECK(read(again, content, 8) == 7 && strcmp(content, "content") == 0);
    CHECK(pwrite(again, "C", 1, 0) == 1 && pread(file, content, 1, 0) == 1 && content[0] == 'C');
    char *map = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, again, 0);
    CHECK(map != MAP_FAILED && strcmp(map, "Content") == 0);
    CHECK(fcntl(again, F_GETFD) == FD_CLOEXEC);
    handle.head.handle_bytes = MAX_HANDLE_SZ + 1;
    CHECK_FAILS(open_by_handle_at(folder, &handle.head, O_RDONLY), EINVAL);
    handle.head.handle_bytes = 0;
    CHECK_FAILS(open_by_handle_at(folder, &handle.head, O_RDONLY), EINVAL);
    puts(" ok");
}
