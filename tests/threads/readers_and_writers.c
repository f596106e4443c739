// A read-write lock keeps writers alone; readers may share it. Writers are preferred in a second round.
#include "seen.h"

static pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
static int writers, readers, most, value[2];

static void *work(void *argument) {
    int writes = number(argument) >= 4;
    for (int i = 0; i < 60; i++) {
        if (writes) {
            CHECK(pthread_rwlock_wrlock(&lock) == 0);
            CHECK(__atomic_add_fetch(&writers, 1, __ATOMIC_SEQ_CST) == 1);
            CHECK(__atomic_load_n(&readers, __ATOMIC_SEQ_CST) == 0);
            value[0]++;
            if (i % 20 == 0)
                usleep(100);
            value[1]++;
            __atomic_sub_fetch(&writers, 1, __ATOMIC_SEQ_CST);
        } else {
            CHECK(pthread_rwlock_rdlock(&lock) == 0);
            int now = __atomic_add_fetch(&readers, 1, __ATOMIC_SEQ_CST);
            for (int old = most; now > old;)
                if (__atomic_compare_exchange_n(&most, &old, now, 0, __ATOMIC_SEQ_CST,
                                                __ATOMIC_SEQ_CST))
                    break;
            CHECK(__atomic_load_n(&writers, __ATOMIC_SEQ_CST) == 0 && value[0] == value[1]);
            if (i % 20 == 0)
                usleep(100);
            __atomic_sub_fetch(&readers, 1, __ATOMIC_SEQ_CST);
        }
        note('a' + number(argument));
        CHECK(pthread_rwlock_unlock(&lock) == 0);
    }
    return NULL;
}

int main(void) {
    run_threads(6, work);
    pthread_rwlockattr_t attributes;
    CHECK(pthread_rwlockattr_init(&attributes) == 0);
    CHECK(pthread_rwlockattr_setkind_np(&attributes,
                                        PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP) == 0);
    CHECK(pthread_rwlock_init(&lock, &attributes) == 0);
    run_threads(6, work);
    CHECK(value[0] == 240 && seen_count == 720);
    show_seen();
    printf("most readers: %d\n", most);
}
