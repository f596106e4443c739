// scandir finds every kind of entry with its type.
#include "check.h"
#include <dirent.h>

int main(void) {
    CHECK(mkdir("top", 0700) == 0 && chdir("top") == 0);
    CHECK(mkdir("directory", 0700) == 0);
    CHECK(mkfifo("fifo", 0600) == 0);
    CHECK(symlink("file", "symlink") == 0);
    CHECK(close(open("file", O_CREAT | O_WRONLY, 0600)) == 0);
    struct dirent **entries;
    int count = scandir(".", &entries, NULL, alphasort);
    CHECK(count == 6);
    for (int i = 0; i < count; i++) {
        struct stat info;
        CHECK(lstat(entries[i]->d_name, &info) == 0);
        CHECK(entries[i]->d_type == DT_UNKNOWN || entries[i]->d_type == IFTODT(info.st_mode));
        printf("%s %o\n", entries[i]->d_name, info.st_mode & S_IFMT);
        free(entries[i]);
    }
    free(entries);
}
