// Programs that fail, each in its own way and in every variant: messages, signals and statuses are not a divergence.
#define _GNU_SOURCE
#include <assert.h>
#include <errno.h>
#include <error.h>
#include <malloc.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static void fails_assertion(void) { assert(!"true"); }
static void frees_twice(void) {
    char *volatile block = malloc(100);
    free(block);
    free(block);
}
extern void __stack_chk_fail(void);
static void smashes_stack(void) { __stack_chk_fail(); }
static void divides(void) {
    volatile int one = 1, zero = 0;
    one = one / zero;
}
static void follows_null(void) { *(volatile int *)8 = 1; }
static void jumps_to_data(void) {
    static char data[16];
    ((void (*)(void))(uintptr_t)data)();
}
static void executes_rubbish(void) { __asm__ volatile("ud2"); }
static int recurses(int depth) {
    char *volatile frame = alloca(4096);
    *frame = 1;
    return depth ? recurses(depth - 1) + *frame : 0;
}
static void needs_stack(void) { printf("%d\n", recurses(1 << 30)); }
static void aborts(void) { abort(); }
static void complains(void) { error(3, ENOENT, "%s", "this"); }

int main(void) {
    void (*const all[])(void) = {fails_assertion, frees_twice, smashes_stack,    divides, follows_null,
                                 jumps_to_data,   needs_stack, executes_rubbish, aborts,  complains};
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    for (unsigned i = 0; i < sizeof all / sizeof *all; i++) {
        fflush(stdout);
        pid_t child = fork();
        if (child == 0) {
            dup2(1, 2);
            all[i]();
            _exit(0);
        }
        int status;
        waitpid(child, &status, 0);
        printf("%u %d\n", i, status & 0xff7f);
    }
    return 0;
}
