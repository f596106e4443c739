// What the programs of this folder share beside check.h: the usual steps, checked.
#ifndef SIGNALS_H
#define SIGNALS_H

#include "../programs/check.h"
#include <sys/time.h>
#include <time.h>

// How often `count` was the handler.
static volatile sig_atomic_t counted;

__attribute__((unused)) static void count(int number) {
    (void)number;
    counted++;
}

__attribute__((unused)) static void on(int number, void (*handler)(int), int flags) {
    struct sigaction action = {.sa_handler = handler, .sa_flags = flags};
    CHECK(sigaction(number, &action, NULL) == 0);
}

__attribute__((unused)) static void on_info(int number, void (*handler)(int, siginfo_t *, void *),
                                            int flags) {
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = flags | SA_SIGINFO};
    CHECK(sigaction(number, &action, NULL) == 0);
}

__attribute__((unused)) static sigset_t only(int number) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, number);
    return set;
}

__attribute__((unused)) static void block(int number) {
    sigset_t set = only(number);
    CHECK(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
}

__attribute__((unused)) static void unblock(int number) {
    sigset_t set = only(number);
    CHECK(sigprocmask(SIG_UNBLOCK, &set, NULL) == 0);
}

// SIGALRM after `first_us` microseconds, then every `every_us`; 0, 0 stops it.
__attribute__((unused)) static void alarm_us(long first_us, long every_us) {
    struct itimerval timer = {{every_us / 1000000, every_us % 1000000},
                              {first_us / 1000000, first_us % 1000000}};
    CHECK(setitimer(ITIMER_REAL, &timer, NULL) == 0);
}

__attribute__((unused)) static void sleep_ms(long ms) {
    struct timespec left = {ms / 1000, ms % 1000 * 1000000};
    while (nanosleep(&left, &left) == -1)
        CHECK(errno == EINTR);
}

// The signal that ended a child.
__attribute__((unused)) static int ended_by(pid_t child) {
    int status = wait_status(child);
    CHECK(WIFSIGNALED(status));
    return WTERMSIG(status);
}

#endif
