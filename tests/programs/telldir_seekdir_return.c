// seekdir returns to where telldir was, and rewinddir to the beginning.
#include "check.h"
#include <dirent.h>

int main(void) {
    CHECK(mkdir("d", 0700) == 0 && chdir("d") == 0);
    for (char name[2] = "a"; name[0] <= 'j'; name[0]++)
        CHECK(close(open(name, O_CREAT | O_WRONLY, 0600)) == 0);
    DIR *directory = opendir(".");
    CHECK(directory);
    char first[256], fifth[256];
    strcpy(first, readdir(directory)->d_name);
    for (int i = 0; i < 3; i++)
        CHECK(readdir(directory));
    long place = telldir(directory);
    strcpy(fifth, readdir(directory)->d_name);
    while (readdir(directory))
        ;
    seekdir(directory, place);
    CHECK(strcmp(readdir(directory)->d_name, fifth) == 0);
    rewinddir(directory);
    CHECK(strcmp(readdir(directory)->d_name, first) == 0);
    CHECK(closedir(directory) == 0);
    puts("ok");
}
