// Eight threads at once each write and read back a file of their own.
#include "check.h"
#include <pthread.h>

static void *work(void *argument) {
    int which = *(int *)argument, sum = 0;
    char name[16], text[16] = "";
    snprintf(name, sizeof name, "file-%d", which);
    int fd = open(name, O_CREAT | O_RDWR, 0600);
    CHECK(fd >= 0);
    for (int i = 0; i < 50; i++) {
        CHECK(dprintf(fd, "%03d", i * which) == 3);
        CHECK(pread(fd, text, 3, 3 * i) == 3);
        sum += atoi(text);
    }
    CHECK(close(fd) == 0);
    *(int *)argument = sum;
    return NULL;
}

int main(void) {
    pthread_t threads[8];
    int values[8];
    for (int i = 0; i < 8; i++) {
        values[i] = i;
        CHECK(pthread_create(&threads[i], NULL, work, &values[i]) == 0);
    }
    for (int i = 0; i < 8; i++) {
        CHECK(pthread_join(threads[i], NULL) == 0);
        printf("%d\n", values[i]);
    }
}
