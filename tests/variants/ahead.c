// The leader computes for a moment, then waits for ever; a follower built with -DWRONG asks for
// something else long before.
#include <unistd.h>

int main(void) {
#ifdef WRONG
    write(1, "wrong\n", 6);
#else
    for (volatile unsigned long turn = 0; turn < 100000000UL; turn++) {
    }
#endif
    pause();
}
