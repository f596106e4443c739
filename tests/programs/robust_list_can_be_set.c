// set_robust_list takes a list of the right size only, and get_robust_list returns it.
#include "check.h"
#include <linux/futex.h>
#include <sys/syscall.h>

int main(void) {
    pid_t child = fork(); // the C library's own list stays in the parent
    if (child == 0) {
        static struct robust_list_head head = {.list = {&head.list}};
        struct robust_list_head *seen = NULL;
        size_t size = 0;
        if (syscall(SYS_set_robust_list, &head, sizeof head) == 0) {
            CHECK_FAILS(syscall(SYS_set_robust_list, &head, 7L), EINVAL);
            CHECK(syscall(SYS_get_robust_list, 0, &seen, &size) == 0);
            CHECK(seen == &head && size == sizeof head);
        } else {
            CHECK(errno == ENOSYS);
        }
        _exit(0);
    }
    CHECK(exit_code(child) == 0);
    puts("ok");
}
