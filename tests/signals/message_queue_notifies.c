// mq_notify sends one signal, with its value, when a message comes into an empty queue.
#include "signals.h"
#include <mqueue.h>

static volatile siginfo_t got;

static void handle(int number, siginfo_t *info, void *context) {
    (void)number, (void)context;
    got = *info;
}

int main(void) {
    char name[32], buffer[64];
    snprintf(name, sizeof name, "/notify-%d", (int)getpid());
    struct mq_attr attributes = {.mq_maxmsg = 4, .mq_msgsize = 64};
    mqd_t queue = mq_open(name, O_CREAT | O_EXCL | O_RDWR, 0600, &attributes);
    CHECK(queue >= 0 && mq_unlink(name) == 0);
    on_info(SIGUSR1, handle, 0);
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
    event.sigev_value.sival_ptr = buffer;
    for (int i = 0; i < 3; i++) {
        got.si_signo = 0;
        CHECK(mq_notify(queue, &event) == 0);
        CHECK_FAILS(mq_notify(queue, &event), EBUSY);
        CHECK(mq_send(queue, "hello", 5, 0) == 0);
        CHECK(got.si_signo == SIGUSR1 && got.si_code == SI_MESGQ && got.si_pid == getpid());
        CHECK(got.si_value.sival_ptr == buffer);
        CHECK(mq_receive(queue, buffer, sizeof buffer, NULL) == 5);
    }
    puts("ok");
}
