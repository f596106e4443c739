// write, printf and a child's output reach stdout in the order of the program.
#include "check.h"

int main(void) {
    printf("1 by printf\n");
    fflush(stdout);
    CHECK(write(1, "2 by write\n", 11) == 11);
    pid_t child = fork();
    if (child == 0)
        _exit(write(1, "3 by the child\n", 15) != 15);
    CHECK(exit_code(child) == 0);
    CHECK(dprintf(1, "%d by dprintf\n", 4) == 13);
    child = fork();
    if (child == 0) {
        execl("/bin/echo", "echo", "5 by another program", (char *)NULL);
        _exit(127);
    }
    CHECK(exit_code(child) == 0);
    puts("6 by puts");
}
