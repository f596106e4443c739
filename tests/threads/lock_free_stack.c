// A stack without locks (Treiber): what is pushed is popped once.
#include "seen.h"
#include <sched.h>

struct node {
    struct node *next;
    int value;
};
static struct node *top, nodes[6 * 50];
static int popped[6 * 50], empty;

static void *work(void *argument) {
    int self = number(argument);
    for (int i = 0; i < 50; i++) {
        struct node *node = &nodes[self * 50 + i];
        node->value = self * 50 + i;
        node->next = __atomic_load_n(&top, __ATOMIC_SEQ_CST);
        while (!__atomic_compare_exchange_n(&top, &node->next, node, 0, __ATOMIC_SEQ_CST,
                                            __ATOMIC_SEQ_CST))
            ;
        if (i % 8 == self)
            sched_yield();
        if (i % 2) { // nodes are used once, so there is no ABA
            struct node *first = __atomic_load_n(&top, __ATOMIC_SEQ_CST);
            while (first && !__atomic_compare_exchange_n(&top, &first, first->next, 0,
                                                         __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
                ;
            if (first) {
                popped[first->value]++;
                note('a' + first->value / 50);
            } else
                __atomic_add_fetch(&empty, 1, __ATOMIC_SEQ_CST);
        }
    }
    return NULL;
}

int main(void) {
    run_threads(6, work);
    for (struct node *node = top; node; node = node->next)
        popped[node->value]++;
    for (int i = 0; i < COUNT(popped); i++)
        CHECK(popped[i] == 1);
    CHECK(seen_count + empty == 150);
    show_seen();
}
