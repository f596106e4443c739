// getgroups lists what the Groups line of /proc/self/status lists.
#include "check.h"

int main(void) {
    gid_t groups[1024];
    int count = getgroups(1024, groups);
    CHECK(count >= 0 && getgroups(0, NULL) == count);
    FILE *stream = fopen("/proc/self/status", "r");
    CHECK(stream);
    char line[16384];
    while (fgets(line, sizeof line, stream) && strncmp(line, "Groups:", 7) != 0)
        ;
    int listed = 0;
    for (char *word = strtok(line + 7, " \t\n"); word; word = strtok(NULL, " \t\n"), listed++)
        CHECK(listed < count && (gid_t)strtoul(word, NULL, 10) == groups[listed]);
    CHECK(listed == count);
    if (count > 1)
        CHECK_FAILS(getgroups(count - 1, groups), EINVAL);
    puts("ok");
}
