// What every program of this folder starts from: CHECK ends it, with exit status 1, where the
// behaviour is not the promised one. CHECK may be used in children, threads and handlers, so it
// leaves by _exit and flushes nothing.
#ifndef CHECK_H
#define CHECK_H

#ifndef _GNU_SOURCE // g++ defines it
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition))                                                                          \
            check_failed(__FILE__, __LINE__, #condition);                                          \
    } while (0)

// The call returns -1 and sets errno to `error`.
#define CHECK_FAILS(call, error) CHECK((call) == -1 && errno == (error))

__attribute__((noreturn, unused)) static void check_failed(const char *file, int line,
                                                           const char *condition) {
    dprintf(STDERR_FILENO, "%s:%d: %s: errno %d (%s)\n", file, line, condition, errno,
            strerror(errno));
    _exit(1);
}

// The wait status of a child, once it has ended.
__attribute__((unused)) static int wait_status(pid_t child) {
    int status;
    CHECK(waitpid(child, &status, 0) == child);
    return status;
}

// The exit code of a child, which must not end by a signal.
__attribute__((unused)) static int exit_code(pid_t child) {
    int status = wait_status(child);
    CHECK(WIFEXITED(status));
    return WEXITSTATUS(status);
}

#endif
