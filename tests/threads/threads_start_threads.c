// Each thread starts two more and joins them, four levels deep; numbers are given by who comes first.
#include "seen.h"

static int created;

static void *work(void *argument) {
    int level = number(argument);
    int self = __atomic_fetch_add(&created, 1, __ATOMIC_SEQ_CST);
    pthread_t children[2];
    note('a' + self);
    if (level) {
        for (int i = 0; i < 2; i++)
            CHECK(pthread_create(&children[i], NULL, work, (void *)(intptr_t)(level - 1)) == 0);
        for (int i = 1; i >= 0; i--) {
            void *below;
            CHECK(pthread_join(children[i], &below) == 0);
            CHECK(number(below) == (1 << level) - 1);
        }
    }
    note('A' + self % 26);
    return (void *)(intptr_t)((2 << level) - 1);
}

int main(void) {
    void *count = work((void *)3);
    CHECK(number(count) == 15 && created == 15);
    show_seen();
}
