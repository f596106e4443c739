// /proc/self/exe is the program's own file: same name, same contents start, same inode.
#include "check.h"

int main(int argc, char **argv) {
    char path[4096] = "", magic[4] = "";
    CHECK(argc == 1 && readlink("/proc/self/exe", path, sizeof path - 1) > 0);
    CHECK(path[0] == '/');
    const char *name = strrchr(path, '/') + 1, *slash = strrchr(argv[0], '/');
    CHECK(strcmp(name, slash ? slash + 1 : argv[0]) == 0);
    struct stat by_link, by_name;
    CHECK(stat("/proc/self/exe", &by_link) == 0 && stat(path, &by_name) == 0);
    CHECK(by_link.st_ino == by_name.st_ino && by_link.st_size == by_name.st_size);
    int fd = open("/proc/self/exe", O_RDONLY);
    CHECK(fd >= 0 && read(fd, magic, 4) == 4 && memcmp(magic, "\177ELF", 4) == 0);
    CHECK(open("/proc/self/exe", O_WRONLY) == -1 && (errno == ETXTBSY || errno == EACCES));
    puts(name);
}
