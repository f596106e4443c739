// A futex in shared memory wakes another process.
#include "check.h"
#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/syscall.h>

static uint32_t *words;

static void wait_for_value(uint32_t *word, uint32_t wanted) {
    for (uint32_t now; (now = __atomic_load_n(word, __ATOMIC_SEQ_CST)) != wanted;)
        CHECK(syscall(SYS_futex, word, FUTEX_WAIT, now, NULL, NULL, 0) == 0 || errno == EAGAIN);
}

static void set_value(uint32_t *word, uint32_t value) {
    __atomic_store_n(word, value, __ATOMIC_SEQ_CST);
    CHECK(syscall(SYS_futex, word, FUTEX_WAKE, 1, NULL, NULL, 0) >= 0);
}

int main(void) {
    words = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK((void *)words != MAP_FAILED);
    pid_t child = fork();
    if (child == 0) {
        for (uint32_t i = 1; i <= 20; i++) {
            wait_for_value(&words[0], i);
            set_value(&words[1], i);
        }
        _exit(0);
    }
    for (uint32_t i = 1; i <= 20; i++) {
        set_value(&words[0], i);
        wait_for_value(&words[1], i);
    }
    CHECK(exit_code(child) == 0);
    printf("%u\n", words[1]);
}
