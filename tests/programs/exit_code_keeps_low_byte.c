// Only the low eight bits of an exit code reach the parent.
#include "check.h"

int main(void) {
    const int codes[] = {127, 128, 200, 255, 256, 257, 1000, -1, -128};
    for (unsigned i = 0; i < sizeof codes / sizeof *codes; i++) {
        pid_t child = fork();
        if (child == 0)
            exit(codes[i]);
        CHECK(exit_code(child) == (codes[i] & 0xff));
    }
    puts("ok");
}
