// A message queue tells of its first message in a thread, with the value that was given.
#include "check.h"
#include <mqueue.h>
#include <semaphore.h>

static sem_t told;
static int seen;

static void tell(union sigval value) {
    seen += *(int *)value.sival_ptr;
    sem_post(&told);
}

int main(void) {
    char name[32], text[16];
    snprintf(name, sizeof name, "/mvx-mq-%d", (int)getpid());
    struct mq_attr attributes = {.mq_maxmsg = 4, .mq_msgsize = sizeof text};
    mqd_t queue = mq_open(name, O_CREAT | O_EXCL | O_RDWR, 0600, &attributes);
    CHECK(queue >= 0 && mq_unlink(name) == 0 && sem_init(&told, 0, 0) == 0);
    int value = 7;
    for (int i = 0; i < 3; i++) {
        struct sigevent event = {.sigev_notify = SIGEV_THREAD,
                                 .sigev_value.sival_ptr = &value,
                                 .sigev_notify_function = tell};
        CHECK(mq_notify(queue, &event) == 0);
        CHECK(mq_send(queue, "x", 1, 0) == 0 && sem_wait(&told) == 0);
        CHECK(mq_receive(queue, text, sizeof text, NULL) == 1);
    }
    printf("%d\n", seen);
}
