// Every kind of atomic instruction, in every size, gives what its plain form gives in registers: value and flags.
// Two threads do it, each with words of its own.
#include "seen.h"

enum { FLAGS = 0x8d5, ROUNDS = 40 };
static uint64_t words[2][8] __attribute__((aligned(64)));

#define BOTH(name, type, memory_form, register_form, operand)                                      \
    do {                                                                                           \
        uint64_t before = value & FLAGS, first, second;                                            \
        type here = (type)value, *place = (type *)word;                                            \
        *place = here;                                                                             \
        __asm__ volatile("push %[before]; popfq; lock " memory_form "; pushfq; pop %[flags]"       \
                         : [flags] "=&r"(first), [m] "+m"(*place)                                  \
                         : [before] "r"(before), [o] operand                                       \
                         : "cc", "memory");                                                        \
        __asm__ volatile("push %[before]; popfq; " register_form "; pushfq; pop %[flags]"          \
                         : [flags] "=&r"(second), [m] "+r"(here)                                   \
                         : [before] "r"(before), [o] operand                                       \
                         : "cc");                                                                  \
        CHECK(*place == here && (first & FLAGS) == (second & FLAGS));                              \
    } while (0)

#define BINARY(name, suffix, type)                                                                 \
    BOTH(name, type, name suffix " %[o], %[m]", name suffix " %[o], %[m]", "r"((type)other));      \
    BOTH(name, type, name suffix " %[o], %[m]", name suffix " %[o], %[m]", "i"(-77))

#define UNARY(name, suffix, type)                                                                  \
    BOTH(name, type, name suffix " %[m]", name suffix " %[m]", "r"((type)other))

#define SIZES(form, name)                                                                          \
    form(name, "b", uint8_t);                                                                      \
    form(name, "w", uint16_t);                                                                     \
    form(name, "l", uint32_t);                                                                     \
    form(name, "q", uint64_t)

#define BIT(name)                                                                                  \
    BOTH(name, uint32_t, name "l %[o], %[m]", name "l %[o], %[m]", "i"(13));                       \
    BOTH(name, uint64_t, name "q %[o], %[m]", name "q %[o], %[m]", "i"(57))

#define EXCHANGES(type)                                                                            \
    do {                                                                                           \
        type *place = (type *)word, old = (type)value;                                             \
        *place = old;                                                                              \
        CHECK(__atomic_fetch_add(place, (type)other, __ATOMIC_SEQ_CST) == old);                    \
        CHECK(*place == (type)(old + other));                                                      \
        CHECK(__atomic_exchange_n(place, (type)other, __ATOMIC_SEQ_CST) == (type)(old + other));   \
        type expected = (type)(other + 1);                                                         \
        CHECK(!__atomic_compare_exchange_n(place, &expected, old, 0, 5, 5));                       \
        CHECK(expected == (type)other && *place == (type)other);                                   \
        CHECK(__atomic_compare_exchange_n(place, &expected, old, 0, 5, 5) && *place == old);       \
    } while (0)

static void *work(void *argument) {
    int self = number(argument);
    uint64_t value = 0x123456789abcdef0U * (unsigned)(self + 1), other = 0xfedcba9876543210U;
    for (int round = 0; round < ROUNDS; round++) {
        uint64_t *word = &words[self][round % 8];
        value = scrambled(value);
        other = round % 5 ? scrambled(other) : value;
        SIZES(BINARY, "add");
        SIZES(BINARY, "or");
        SIZES(BINARY, "adc");
        SIZES(BINARY, "sbb");
        SIZES(BINARY, "and");
        SIZES(BINARY, "sub");
        SIZES(BINARY, "xor");
        SIZES(UNARY, "inc");
        SIZES(UNARY, "dec");
        SIZES(UNARY, "not");
        SIZES(UNARY, "neg");
        BIT("bts");
        BIT("btr");
        BIT("btc");
        EXCHANGES(uint8_t);
        EXCHANGES(uint16_t);
        EXCHANGES(uint32_t);
        EXCHANGES(uint64_t);
        note('a' + self);
    }
    return NULL;
}

int main(void) {
    run_threads(2, work);
    CHECK(noted('a') == ROUNDS && noted('b') == ROUNDS);
    show_seen();
}
