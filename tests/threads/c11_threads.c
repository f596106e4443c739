// The threads of C11: thrd, mtx, cnd, call_once, tss.
#include "seen.h"
#include <threads.h>

static mtx_t mutex;
static cnd_t condition;
static once_flag flag = ONCE_FLAG_INIT;
static tss_t key;
static int initialised, token, destroyed;

static void initialise(void) { initialised++; }

static void destroy(void *value) { __atomic_add_fetch(&destroyed, number(value), __ATOMIC_SEQ_CST); }

static int work(void *argument) {
    call_once(&flag, initialise);
    CHECK(tss_set(key, (void *)(intptr_t)(number(argument) + 1)) == thrd_success);
    for (int i = 0; i < 20; i++) {
        CHECK(mtx_lock(&mutex) == thrd_success);
        while (token % 3 != number(argument))
            CHECK(cnd_wait(&condition, &mutex) == thrd_success);
        note('a' + number(argument));
        token++;
        CHECK(cnd_broadcast(&condition) == thrd_success);
        CHECK(mtx_unlock(&mutex) == thrd_success);
        thrd_yield();
        note('A' + number(argument));
    }
    return number(argument) * 11;
}

int main(void) {
    thrd_t threads[3];
    CHECK(mtx_init(&mutex, mtx_plain) == thrd_success && cnd_init(&condition) == thrd_success);
    CHECK(tss_create(&key, destroy) == thrd_success);
    for (intptr_t i = 0; i < 3; i++)
        CHECK(thrd_create(&threads[i], work, (void *)i) == thrd_success);
    for (int i = 0; i < 3; i++) {
        int result;
        CHECK(thrd_join(threads[i], &result) == thrd_success && result == 11 * i);
    }
    CHECK(initialised == 1 && token == 60 && destroyed == 6);
    show_seen();
}
