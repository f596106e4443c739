// futex(2) as the kernel has it.
#include "seen.h"
#include <limits.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>

__attribute__((unused)) static long futex(unsigned *word, int operation, unsigned value,
                                          const void *timeout, unsigned *second, unsigned third) {
    return syscall(SYS_futex, word, operation, value, timeout, second, third);
}

__attribute__((unused)) static long wait_while(unsigned *word, unsigned value) {
    return futex(word, FUTEX_WAIT_PRIVATE, value, NULL, NULL, 0);
}

__attribute__((unused)) static long wake(unsigned *word, unsigned count) {
    return futex(word, FUTEX_WAKE_PRIVATE, count, NULL, NULL, 0);
}

// How many threads of this process sleep in a futex call now, seen from outside.
__attribute__((unused)) static void wait_until(unsigned *counter, unsigned count) {
    while (__atomic_load_n(counter, __ATOMIC_SEQ_CST) < count)
        usleep(200);
}
