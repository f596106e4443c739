// A tree of 30 directories is walked and removed, depth first.
#include "check.h"
#include <ftw.h>

static int files, directories;

static int count(const char *path, const struct stat *info, int kind, struct FTW *place) {
    (void)info, (void)place;
    files += kind == FTW_F;
    directories += kind == FTW_DP;
    return remove(path);
}

int main(void) {
    char path[64];
    CHECK(mkdir("tree", 0700) == 0);
    for (int i = 0; i < 30; i++) {
        snprintf(path, sizeof path, "tree/%d", i);
        CHECK(mkdir(path, 0700) == 0);
        snprintf(path, sizeof path, "tree/%d/leaf", i);
        CHECK(close(open(path, O_CREAT | O_WRONLY, 0600)) == 0);
    }
    CHECK(nftw("tree", count, 10, FTW_DEPTH | FTW_PHYS) == 0);
    CHECK_FAILS(access("tree", F_OK), ENOENT);
    printf("%d files, %d directories\n", files, directories);
}
