// A signal to a parent that waits in vfork comes when the child has executed; the child has none.
#include "signals.h"

int main(void) {
    on(SIGUSR1, count, 0);
    for (int i = 1; i <= 5; i++) {
        pid_t parent = getpid(), child = vfork();
        if (child == 0) {
            kill(parent, SIGUSR1);
            execl("/bin/true", "true", (char *)NULL);
            _exit(9);
        }
        CHECK(counted == i && exit_code(child) == 0);
    }
    puts("ok");
}
