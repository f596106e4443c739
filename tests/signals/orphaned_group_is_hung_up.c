// When a group with a stopped member becomes orphaned, it gets SIGHUP and SIGCONT.
#include "signals.h"

static int out[2];

static void handle(int number) {
    char letter = number == SIGHUP ? 'h' : 'c';
    CHECK(write(out[1], &letter, 1) == 1);
}

int main(void) {
    char letters[2] = {0};
    CHECK(pipe(out) == 0);
    pid_t child = fork();
    if (child == 0) {
        CHECK(setsid() == getpid());
        pid_t member = fork();
        if (member == 0) {
            CHECK(setpgid(0, 0) == 0);
            on(SIGHUP, handle, SA_RESTART);
            on(SIGCONT, handle, SA_RESTART);
            CHECK(raise(SIGSTOP) == 0);
            for (;;)
                pause();
        }
        int status;
        CHECK(waitpid(member, &status, WUNTRACED) == member && WIFSTOPPED(status));
        CHECK(write(out[1], &member, sizeof member) == sizeof member);
        _exit(0); // the session's leader goes: the group of `member` is orphaned
    }
    pid_t member;
    CHECK(read(out[0], &member, sizeof member) == sizeof member && exit_code(child) == 0);
    CHECK(read(out[0], letters, 1) == 1 && read(out[0], letters + 1, 1) == 1);
    CHECK((letters[0] == 'h') + (letters[1] == 'h') == 1);
    CHECK(kill(member, SIGKILL) == 0);
    puts("ok");
}
