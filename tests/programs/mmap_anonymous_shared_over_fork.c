// Parent and child see one another's stores in shared anonymous memory, not in private memory.
#include "check.h"
#include <sys/mman.h>

int main(void) {
    int *shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int *own = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(shared != MAP_FAILED && own != MAP_FAILED);
    shared[0] = own[0] = 1;
    for (int i = 0; i < 10; i++) {
        pid_t child = fork();
        if (child == 0) {
            shared[0] += 1;
            own[0] += 1;
            shared[1 + i] = own[0];
            _exit(0);
        }
        CHECK(exit_code(child) == 0);
        CHECK(shared[1 + i] == 2);
    }
    printf("%d %d\n", shared[0], own[0]);
}
