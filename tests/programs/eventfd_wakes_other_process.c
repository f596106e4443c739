// A child's read of an eventfd waits until the parent writes.
#include "check.h"
#include <sys/eventfd.h>

int main(void) {
    int down = eventfd(0, 0), up = eventfd(0, 0);
    pid_t child = fork();
    if (child == 0) {
        eventfd_t value;
        for (int i = 0; i < 50; i++)
            CHECK(eventfd_read(down, &value) == 0 && eventfd_write(up, value + 1) == 0);
        _exit(0);
    }
    eventfd_t value = 1;
    for (int i = 0; i < 50; i++)
        CHECK(eventfd_write(down, value) == 0 && eventfd_read(up, &value) == 0);
    CHECK(exit_code(child) == 0);
    printf("%d\n", (int)value);
}
