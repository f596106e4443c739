// T13, as RIPE (Wilander et al., ACSAC 2011): one program with every hole of a matrix.
//
// usage: matrix stack|heap|bss|data return|function|longjmp|vtable|got. It reads two sizes and two inputs: the first overflows
// the buffer, the second goes through the pointer behind it. RIPE attacks itself; here the attacker is another process, who
// reads from `facts` what he would know from a leak.
#define _GNU_SOURCE
#include <fcntl.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct table {
    void (*method)(void *);
};

struct object {
    char buffer[256];
    char *pointer;
    void (*function)(const char *);
    const struct table *table;
    jmp_buf jump;
};

// What the attacker knows of the variant whose leak he has.
__attribute__((used)) static struct {
    struct object *object;
    uint64_t *return_address;
    uint64_t pointer_guard;
} facts;

__attribute__((used)) static const char marker[] = "marker";

__attribute__((used, noinline)) static void win(void) {
    if (creat(marker, 0666) < 0)
        _exit(1);
    _exit(0);
}

// Gadgets, as any large program has them.
__asm__(".text\n"
        "pivot: mov %rdi, %rsp\n"
        "nothing: ret\n"
        "pop_rdi: pop %rdi\n ret\n"
        "pop_rsi: pop %rsi\n ret\n");

// Room for a stack of the attacker's.
__attribute__((used)) static char room[1 << 16];

static void right(const char *text) { (void)text; }
static void right_method(void *object) { (void)object; }
static const struct table right_table = {right_method};

static struct object in_bss;
static struct object in_data = {.buffer = "data"};

static void receive(void *target, size_t count) {
    for (char *next = target; count;) {
        ssize_t got = read(0, next, count);
        if (got <= 0)
            _exit(2);
        next += got;
        count -= (size_t)got;
    }
}

static void prepare(struct object *object) {
    object->pointer = object->buffer;
    object->function = right;
    object->table = &right_table;
    __asm__("mov %%fs:0x30, %0" : "=r"(facts.pointer_guard));
    if (write(1, "ready\n", 6) != 6)
        _exit(3);
}

// Both inputs; nothing of the caller's frame is needed afterwards but what is attacked.
static void overflow(struct object *object) {
    uint16_t sizes[2];
    receive(sizes, sizeof sizes);
    receive(object->buffer, sizes[0]);
    receive(object->pointer, sizes[1]);
}

__attribute__((noinline)) static void use(struct object *object, char target) {
    switch (target) {
    case 'f':
        object->function(object->buffer);
        break;
    case 'l':
        longjmp(object->jump, 1);
    case 'v':
        object->table->method(object);
        break;
    case 'g':
        if (strpbrk(object->buffer, "@#") != NULL)
            _exit(4);
        break;
    }
}

__attribute__((noinline, optimize("no-omit-frame-pointer"))) static void attacked(struct object *object, char target) {
    struct object local;
    facts.object = object == NULL ? &local : object;
    facts.return_address = (uint64_t *)__builtin_frame_address(0) + 1;
    if (setjmp(facts.object->jump))
        return;
    prepare(facts.object);
    overflow(facts.object);
    use(facts.object, target);
    __asm__ volatile("" : : "D"(facts.object) : "memory"); // as after a last call with it
}

int main(int count, char **words) {
    if (count != 3)
        return 1;
    struct object *object = NULL;
    switch (words[1][0]) {
    case 'h':
        object = malloc(sizeof *object);
        break;
    case 'b':
        object = &in_bss;
        break;
    case 'd':
        object = &in_data;
        break;
    }
    attacked(object, words[2][0]);
    return 0;
}
