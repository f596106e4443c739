// POSIX message queues deliver by priority, where the system has them.
#include "check.h"
#include <mqueue.h>
#include <time.h>

int main(void) {
    char name[32], text[32] = "";
    snprintf(name, sizeof name, "/mvx-test-%d", (int)getpid());
    struct mq_attr attributes = {.mq_maxmsg = 4, .mq_msgsize = 32};
    mqd_t queue = mq_open(name, O_CREAT | O_EXCL | O_RDWR, 0600, &attributes);
    if (queue != (mqd_t)-1) {
        CHECK(mq_unlink(name) == 0);
        CHECK(mq_send(queue, "low", 4, 1) == 0 && mq_send(queue, "high", 5, 9) == 0);
        unsigned priority;
        CHECK(mq_getattr(queue, &attributes) == 0 && attributes.mq_curmsgs == 2);
        CHECK(mq_receive(queue, text, sizeof text, &priority) == 5 && priority == 9);
        CHECK(strcmp(text, "high") == 0 && mq_receive(queue, text, sizeof text, NULL) == 4);
        struct timespec past = {1, 0};
        CHECK_FAILS(mq_timedreceive(queue, text, sizeof text, NULL, &past), ETIMEDOUT);
        CHECK(mq_close(queue) == 0);
    } else {
        CHECK(errno == ENOSYS || errno == EACCES || errno == EMFILE || errno == ENOSPC);
    }
    puts("ok");
}
