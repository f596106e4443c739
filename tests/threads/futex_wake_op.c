// FUTEX_WAKE_OP changes a second word and wakes its waiters only if the old value says so.
#include "futex.h"

static unsigned first, second, ready;

static void *work(void *argument) {
    unsigned *word = number(argument) % 2 ? &second : &first;
    __atomic_add_fetch(&ready, 1, __ATOMIC_SEQ_CST);
    for (;;) {
        unsigned value = __atomic_load_n(word, __ATOMIC_SEQ_CST);
        if (value >= 100)
            break;
        long result = wait_while(word, value);
        CHECK(result == 0 || errno == EAGAIN);
        note('a' + number(argument));
    }
    return NULL;
}

static long operate(int operation, int operand, int comparison, int compared) {
    return futex(&first, FUTEX_WAKE_OP_PRIVATE, 1, (void *)1L, &second,
                 FUTEX_OP((unsigned)operation, operand, (unsigned)comparison, compared));
}

int main(void) {
    pthread_t threads[4];
    long woken = 0;
    for (intptr_t i = 0; i < 4; i++)
        CHECK(pthread_create(&threads[i], NULL, work, (void *)i) == 0);
    wait_until(&ready, 4);
    static const struct {
        int operation, operand, comparison, compared;
        unsigned expected;
    } steps[] = {
        {FUTEX_OP_SET, 5, FUTEX_OP_CMP_EQ, 0, 5},   {FUTEX_OP_ADD, 3, FUTEX_OP_CMP_NE, 5, 8},
        {FUTEX_OP_OR, 6, FUTEX_OP_CMP_GT, 7, 14},   {FUTEX_OP_ANDN, 2, FUTEX_OP_CMP_LT, 14, 12},
        {FUTEX_OP_XOR, 5, FUTEX_OP_CMP_LE, 12, 9},  {FUTEX_OP_ADD, -1, FUTEX_OP_CMP_GE, 10, 8},
        {8 | FUTEX_OP_OR, 6, FUTEX_OP_CMP_GE, 0, 72},
    };
    for (int i = 0; i < COUNT(steps); i++) {
        long result = operate(steps[i].operation, steps[i].operand, steps[i].comparison,
                              steps[i].compared);
        CHECK(result >= 0 && result <= 2 && second == steps[i].expected);
        woken += result;
        note('0' + (int)result);
        if (i % 2)
            usleep(300);
    }
    __atomic_store_n(&first, 100, __ATOMIC_SEQ_CST);
    __atomic_store_n(&second, 100, __ATOMIC_SEQ_CST);
    woken += wake(&first, INT_MAX) + wake(&second, INT_MAX);
    for (int i = 0; i < 4; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
    show_seen();
    printf("%ld woken\n", woken);
}
