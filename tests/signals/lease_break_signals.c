// A lease holder gets its signal when somebody else opens the file.
#include "signals.h"

int main(void) {
    on(SIGIO, count, 0);
    block(SIGIO);
    int file = open("leased", O_CREAT | O_RDONLY, 0600);
    CHECK(file >= 0 && fcntl(file, F_SETLEASE, F_RDLCK) == 0 && fcntl(file, F_GETLEASE) == F_RDLCK);
    pid_t child = fork();
    if (child == 0)
        _exit(open("leased", O_WRONLY | O_NONBLOCK) == -1 && errno == EWOULDBLOCK ? 3 : 4);
    sigset_t none;
    sigemptyset(&none);
    while (!counted)
        sigsuspend(&none);
    CHECK(fcntl(file, F_SETLEASE, F_UNLCK) == 0);
    CHECK(exit_code(child) == 3 && unlink("leased") == 0);
    puts("ok");
}
