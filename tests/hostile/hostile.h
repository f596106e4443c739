// What a variant that an attacker has taken over completely can do to the monitor. usage: PROGRAM ACTION all|leader|follower
//
// It finds the agent's region in /proc/self/maps and the gates in the image's header, as such an attacker would, and then takes
// one action. A variant that does not take part just goes on. ESCAPED means that something happened that must be impossible
// even then; it is told by a link, made through the untraced gate, which needs nobody's consent.
#ifndef HOSTILE_H
#define HOSTILE_H

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdarg.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include "../../agent/generated/layout.h"

#define UNUSED __attribute__((unused))

struct action {
    const char *name;
    void (*run)(void);
    void (*others)(void); // what the variants do meanwhile that do not take part
};

extern const struct action actions[];

static uint64_t base;       // of the agent's region
static bool leading;        // arena 0 is this variant's own
static unsigned variants;   // number of arenas
static bool alone;          // only one variant takes the action
static char *program_path;

static const struct image_header *image(void) { return (const struct image_header *)base; }

UNUSED static char *arena(unsigned variant) { return (char *)base + ARENAS_OFFSET + variant * (uint64_t)ARENA_SIZE; }

UNUSED static unsigned own_index(void) {
    struct task *first = (struct task *)(base + TASKS_OFFSET);
    return first->variant;
}

UNUSED static struct lane *lane(unsigned variant) {
    struct task *first = (struct task *)(base + TASKS_OFFSET);
    return (struct lane *)(arena(variant) + (uint64_t)first->lane * LANE_STRIDE);
}

// Jump to a gate's system call instruction with any registers; the gates return by `ret`.
static long enter(uint32_t after, long number, long a, long b, long c, long d, long e, long f) {
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    long result;
    __asm__ volatile("sub $128, %%rsp\n\tcall *%[instruction]\n\tadd $128, %%rsp"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9),
                       [instruction] "b"(base + after - 2)
                     : "rcx", "r11", "memory", "cc");
    return result;
}

#define AT_GATE_6(gate, n, a, b, c, d, e, f, ...)                                                      \
    enter(image()->gate, n, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))
#define AT_GATE(gate, ...) AT_GATE_6(gate, __VA_ARGS__, 0, 0, 0, 0, 0, 0)
#define PLAIN(...) AT_GATE(gate_plain, __VA_ARGS__)
#define INTERRUPTIBLE(...) AT_GATE(gate_interruptible, __VA_ARGS__)
#define TRACED(...) AT_GATE(gate_traced, __VA_ARGS__)
#define BOOTSTRAP(...) AT_GATE(gate_bootstrap, __VA_ARGS__)
#define CONTROL(request, a, b, c) enter(image()->gate_control, SYS_getpid, (long)(request), (long)(a), (long)(b), (long)(c), 0, 0)

// Tell the test what must not have happened, by a link of that name.
UNUSED static void escaped(const char *what) { PLAIN(SYS_symlink, what, "escaped"); }

#define MUST_FAIL(call)                                                                            \
    do {                                                                                           \
        long must_fail = (long)(call);                                                             \
        if (must_fail >= 0 || must_fail < -4095)                                                   \
            escaped(#call);                                                                        \
    } while (0)

// The arenas are the only shared mappings of memfds called mvx-arena-N, in order of their addresses.
static void find_region(void) {
    static char text[1 << 16];
    size_t count = 0;
    int maps = open("/proc/self/maps", O_RDONLY);
    for (long got; (got = read(maps, text + count, sizeof text - 1 - count)) > 0;)
        count += (size_t)got;
    close(maps);
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        char access[5];
        uint64_t start;
        if (!strstr(line, "mvx-arena-") || sscanf(line, "%lx-%*x %4s", &start, access) != 2)
            continue;
        if (!variants++) {
            base = start - ARENAS_OFFSET;
            leading = access[1] == 'w';
        }
    }
    if (!variants) {
        fputs("no region: this is not a variant\n", stderr);
        exit(3);
    }
}

int main(int count, char **words) {
    if (count != 3)
        return 2;
    program_path = words[0];
    find_region();
    alone = strcmp(words[2], "all");
    for (const struct action *action = actions; action->name; action++) {
        if (strcmp(action->name, words[1]))
            continue;
        puts("begin");
        fflush(stdout);
        if (!alone || leading == !strcmp(words[2], "leader"))
            action->run();
        else if (action->others)
            action->others();
        puts("end");
        return 0;
    }
    return 2;
}

#endif
