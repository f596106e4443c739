// mkstemp makes two files of different names from one template; mkdtemp makes a directory.
#include "check.h"

int main(void) {
    char one[] = "temp-XXXXXX", two[] = "temp-XXXXXX", folder[] = "folder-XXXXXX";
    int first = mkstemp(one), second = mkstemp(two);
    CHECK(first >= 0 && second >= 0 && strcmp(one, two) != 0);
    CHECK(strncmp(one, "temp-", 5) == 0 && strcmp(one + 5, "XXXXXX") != 0);
    struct stat info;
    CHECK(stat(one, &info) == 0 && (info.st_mode & 0777) == 0600);
    CHECK(mkdtemp(folder) && stat(folder, &info) == 0 && S_ISDIR(info.st_mode));
    // In a folder whose path is longer than a thousand bytes.
    char deep[1200] = "";
    for (int depth = 0; depth < 5; depth++) {
        memset(deep + strlen(deep), 'd', 200);
        CHECK(mkdir(deep, 0700) == 0);
        strcat(deep, "/");
    }
    strcat(deep, ".x.XXXXXX");
    int third = mkstemp(deep);
    CHECK(third >= 0 && close(third) == 0 && unlink(deep) == 0);
    FILE *stream = tmpfile();
    CHECK(stream && fputs("text", stream) >= 0 && fclose(stream) == 0);
    puts("ok");
}
