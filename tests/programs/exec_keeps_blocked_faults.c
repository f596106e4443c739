// A program starts with the signals blocked and ignored that it was given, also those that faults send.
#include "check.h"

static void starts_with(const char *what) {
    sigset_t now;
    struct sigaction action;
    bool is_blocked = strcmp(what, "blocked") == 0 || strcmp(what, "both") == 0;
    bool is_ignored = strcmp(what, "ignored") == 0 || strcmp(what, "both") == 0;
    int numbers[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS};
    CHECK(sigprocmask(SIG_BLOCK, NULL, &now) == 0);
    for (int i = 0; i < 6; i++) {
        CHECK(sigismember(&now, numbers[i]) == is_blocked);
        CHECK(sigaction(numbers[i], NULL, &action) == 0);
        CHECK(action.sa_handler == (is_ignored ? SIG_IGN : SIG_DFL));
    }
    if (is_ignored && !is_blocked)
        CHECK(kill(getpid(), SIGSEGV) == 0);
}

static void start(char *what) {
    pid_t child = fork();
    if (!child) {
        int numbers[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS};
        sigset_t set;
        sigemptyset(&set);
        for (int i = 0; i < 6; i++) {
            sigaddset(&set, numbers[i]);
            CHECK(strcmp(what, "blocked") == 0 || signal(numbers[i], SIG_IGN) != SIG_ERR);
        }
        CHECK(strcmp(what, "ignored") == 0 || sigprocmask(SIG_BLOCK, &set, NULL) == 0);
        execl("/proc/self/exe", "again", what, (char *)NULL);
        CHECK(!"exec");
    }
    CHECK(exit_code(child) == 0);
}

int main(int argc, char **argv) {
    if (argc == 2) {
        starts_with(argv[1]);
        return 0;
    }
    start("blocked");
    start("ignored");
    start("both");
    puts("ok");
    return 0;
}
