// /proc/self/fd has an entry for an open descriptor and none for a closed one.
#include "check.h"
#include <dirent.h>

static bool listed(int wanted) {
    DIR *directory = opendir("/proc/self/fd");
    CHECK(directory);
    bool found = false;
    for (struct dirent *entry; (entry = readdir(directory));)
        found |= entry->d_name[0] != '.' && atoi(entry->d_name) == wanted;
    CHECK(closedir(directory) == 0);
    return found;
}

int main(void) {
    int fd = open("file", O_CREAT | O_RDWR, 0600);
    CHECK(dup2(fd, 70) == 70 && listed(70) && !listed(71));
    char target[4096] = "", cwd[2048];
    CHECK(readlink("/proc/self/fd/70", target, sizeof target - 1) > 0 && getcwd(cwd, sizeof cwd));
    CHECK(strncmp(target, cwd, strlen(cwd)) == 0 && strcmp(target + strlen(cwd), "/file") == 0);
    CHECK(close(70) == 0 && !listed(70));
    puts("ok");
}
