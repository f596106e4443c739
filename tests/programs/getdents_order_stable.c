// Two reads of an unchanged directory by getdents64 give the same entries in the same order.
#include "check.h"
#include <dirent.h>
#include <sys/syscall.h>

static size_t list(char *text, size_t *entries) {
    static char buffer[1024];
    size_t used = 0;
    int fd = open("d", O_RDONLY | O_DIRECTORY);
    *entries = 0;
    for (long count; (count = syscall(SYS_getdents64, fd, buffer, sizeof buffer)) > 0;)
        for (long at = 0; at < count; at += ((struct dirent64 *)(buffer + at))->d_reclen) {
            used += (size_t)sprintf(text + used, "%s/", ((struct dirent64 *)(buffer + at))->d_name);
            ++*entries;
        }
    CHECK(close(fd) == 0);
    return used;
}

int main(void) {
    static char first[8192], second[8192], name[32];
    CHECK(mkdir("d", 0700) == 0);
    for (int i = 0; i < 100; i++) {
        snprintf(name, sizeof name, "d/entry-%d", i);
        CHECK(close(open(name, O_CREAT | O_WRONLY, 0600)) == 0);
    }
    size_t entries, again;
    CHECK(list(first, &entries) == list(second, &again));
    CHECK(entries == again && strcmp(first, second) == 0);
    printf("%zu entries\n", entries);
}
