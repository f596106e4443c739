// Timers of POSIX that start a thread each time, and asynchronous input and output by threads.
#include "seen.h"
#include <aio.h>
#include <time.h>

static int fired;

static void fire(union sigval value) {
    note('a' + value.sival_int);
    __atomic_add_fetch(&fired, 1, __ATOMIC_SEQ_CST);
}

int main(void) {
    timer_t timers[2];
    for (int i = 0; i < 2; i++) {
        struct sigevent event = {.sigev_notify = SIGEV_THREAD, .sigev_value = {.sival_int = i}};
        event.sigev_notify_function = fire;
        CHECK(timer_create(CLOCK_MONOTONIC, &event, &timers[i]) == 0);
        struct itimerspec time = {{0, 3000000}, {0, 1000000 * (i + 1)}};
        CHECK(timer_settime(timers[i], 0, &time, NULL) == 0);
    }
    char name[] = "bytes-XXXXXX", text[4][8] = {"first", "second", "third", "fourth"};
    int descriptor = mkstemp(name);
    CHECK(descriptor >= 0 && unlink(name) == 0);
    struct aiocb requests[4] = {0};
    for (int i = 0; i < 4; i++) {
        requests[i] = (struct aiocb){.aio_fildes = descriptor,
                                     .aio_buf = text[i],
                                     .aio_nbytes = 8,
                                     .aio_offset = 8 * i,
                                     .aio_sigevent = {.sigev_notify = SIGEV_NONE}};
        CHECK(aio_write(&requests[i]) == 0);
    }
    for (int i = 0; i < 4; i++) {
        const struct aiocb *list[] = {&requests[i]};
        while (aio_error(&requests[i]) == EINPROGRESS)
            CHECK(aio_suspend(list, 1, NULL) == 0 || errno == EINTR);
        CHECK(aio_error(&requests[i]) == 0 && aio_return(&requests[i]) == 8);
    }
    char all[32];
    CHECK(pread(descriptor, all, 32, 0) == 32 && !memcmp(all, text, 32));
    while (__atomic_load_n(&fired, __ATOMIC_SEQ_CST) < 8)
        usleep(300);
    CHECK(timer_delete(timers[0]) == 0 && timer_delete(timers[1]) == 0);
    CHECK(noted('a') && noted('b'));
    show_seen();
}
