// posix_spawn, vfork and system work while a timer interrupts, and every child is reaped.
#include "signals.h"
#include <spawn.h>

extern char **environ;

int main(void) {
    on(SIGALRM, count, SA_RESTART);
    alarm_us(3000, 3000);
    char *words[] = {"true", NULL};
    for (int i = 0; i < 8; i++) {
        pid_t child;
        posix_spawnattr_t attributes;
        sigset_t all, none;
        sigfillset(&all);
        sigemptyset(&none);
        CHECK(posix_spawnattr_init(&attributes) == 0);
        CHECK(posix_spawnattr_setsigdefault(&attributes, &all) == 0);
        CHECK(posix_spawnattr_setsigmask(&attributes, &none) == 0);
        CHECK(posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK) == 0);
        CHECK(posix_spawnp(&child, "true", NULL, &attributes, words, environ) == 0);
        CHECK(wait_status(child) == 0);
        child = vfork();
        if (child == 0)
            _exit(i);
        CHECK(WEXITSTATUS(wait_status(child)) == i);
        CHECK(system("exit 3") == 3 << 8);
    }
    alarm_us(0, 0);
    puts("ok");
}
