// makecontext and swapcontext run two stacks by turns in one thread.
#include "check.h"
#include <ucontext.h>

static ucontext_t home, other;
static char order[64];

static void work(int start) {
    for (int i = 0; i < 3; i++) {
        char word[16];
        snprintf(word, sizeof word, "%d ", start + i);
        strcat(order, word);
        CHECK(swapcontext(&other, &home) == 0);
    }
}

int main(void) {
    static char stack[65536];
    CHECK(getcontext(&other) == 0);
    other.uc_stack.ss_sp = stack;
    other.uc_stack.ss_size = sizeof stack;
    other.uc_link = &home;
    makecontext(&other, (void (*)(void))work, 1, 5);
    for (int i = 0; i < 4; i++) {
        strcat(order, i < 3 ? "home " : "end");
        CHECK(swapcontext(&home, &other) == 0);
    }
    puts(order);
}
