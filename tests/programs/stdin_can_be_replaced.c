// A file put in place of stdin is read by scanf and inherited by a child.
#include "check.h"

int main(void) {
    int fd = open("input", O_CREAT | O_RDWR, 0600);
    CHECK(write(fd, "12 twelve\nrest of the input\n", 28) == 28);
    CHECK(lseek(fd, 0, SEEK_SET) == 0 && dup2(fd, 0) == 0);
    CHECK(setvbuf(stdin, NULL, _IONBF, 0) == 0);
    int number;
    char word[16];
    CHECK(scanf("%d %15s", &number, word) == 2 && getchar() == '\n');
    printf("%d %s\n", number, word);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        execl("/bin/cat", "cat", (char *)NULL);
        _exit(127);
    }
    CHECK(exit_code(child) == 0 && getchar() == EOF);
}
