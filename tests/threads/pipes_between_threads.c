// A chain of threads passes bytes on through pipes; two read from the same one.
#include "seen.h"

static int ends[4][2];

static void *work(void *argument) {
    int self = number(argument), from = self < 2 ? 0 : self - 1;
    char byte;
    while (read(ends[from][0], &byte, 1) == 1) {
        note('a' + self);
        CHECK(write(ends[self < 2 ? 1 : self][1], &byte, 1) == 1);
        if (byte == '.')
            break;
    }
    return NULL;
}

int main(void) {
    char text[80];
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        CHECK(pipe(ends[i]) == 0);
    for (intptr_t i = 0; i < 4; i++)
        CHECK(pthread_create(&threads[i], NULL, work, (void *)i) == 0);
    for (int i = 0; i < 60; i++)
        CHECK(write(ends[0][1], &"abcdefghij"[i % 10], 1) == 1);
    for (int i = 0; i < 60; i++)
        CHECK(read(ends[3][0], text + i, 1) == 1);
    CHECK(write(ends[0][1], "..", 2) == 2);
    for (int i = 0; i < 4; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
    text[60] = 0;
    printf("%s\n", text);
    show_seen();
    int count[256] = {0};
    for (int i = 0; i < 60; i++)
        count[(unsigned char)text[i]]++;
    for (int i = 'a'; i <= 'j'; i++)
        CHECK(count[i] == 6);
}
