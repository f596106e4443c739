// Parent and child write through one offset after fork, and through two after separate opens.
#include "check.h"

int main(void) {
    int shared = open("shared", O_CREAT | O_RDWR, 0600);
    CHECK(write(shared, "parent ", 7) == 7);
    pid_t child = fork();
    if (child == 0) {
        CHECK(write(shared, "child ", 6) == 6);
        int own = open("shared", O_WRONLY);
        CHECK(write(own, "P", 1) == 1);
        _exit(0);
    }
    CHECK(exit_code(child) == 0);
    CHECK(lseek(shared, 0, SEEK_CUR) == 13);
    CHECK(write(shared, "parent", 6) == 6);
    char text[32] = "";
    CHECK(pread(shared, text, sizeof text, 0) == 19);
    puts(text);
}
