// Real-time signals queue each one: lower numbers first, equal numbers in the order sent.
#include "check.h"

static char order[64];

static void handle(int number, siginfo_t *info, void *context) {
    (void)context;
    char word[16];
    snprintf(word, sizeof word, "%d:%d ", number - SIGRTMIN, info->si_value.sival_int);
    strcat(order, word);
}

int main(void) {
    sigset_t set;
    sigemptyset(&set);
    struct sigaction action = {.sa_sigaction = handle, .sa_flags = SA_SIGINFO};
    sigfillset(&action.sa_mask);
    for (int i = 1; i <= 3; i++) {
        sigaddset(&set, SIGRTMIN + i);
        CHECK(sigaction(SIGRTMIN + i, &action, NULL) == 0);
    }
    CHECK(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
    for (int value = 0; value < 9; value++)
        CHECK(sigqueue(getpid(), SIGRTMIN + 3 - value % 3, (union sigval){.sival_int = value}) ==
              0);
    siginfo_t info;
    for (int i = 0; i < 2; i++)
        CHECK(sigwaitinfo(&set, &info) == SIGRTMIN + 1 && info.si_value.sival_int == 2 + 3 * i);
    // Handlers interrupt one another, so the last one entered runs first: all are masked here.
    sigset_t one;
    sigemptyset(&one);
    for (int i = 1; i <= 3; i++) {
        sigaddset(&one, SIGRTMIN + i);
        CHECK(sigprocmask(SIG_UNBLOCK, &one, NULL) == 0);
    }
    puts(order);
}
