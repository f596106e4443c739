// A handler tells the main loop through a pipe which object a signal is for: one of static data,
// one on the stack, one on the heap.
#include "check.h"

struct watcher {
    int number, seen;
};
struct message {
    struct watcher *watcher;
    int number, more;
};

static struct watcher first = {SIGUSR1, 0};
static struct watcher *watchers[3];
static int ends[2];

static void handle(int number) {
    for (int i = 0; i < 3; i++)
        if (watchers[i]->number == number) {
            struct message message = {watchers[i], number, i};
            CHECK(write(ends[1], &message, sizeof message) == sizeof message);
        }
}

int main(void) {
    struct watcher second = {SIGUSR2, 0};
    struct watcher *third = malloc(sizeof *third);
    *third = (struct watcher){SIGALRM, 0};
    watchers[0] = &first, watchers[1] = &second, watchers[2] = third;
    CHECK(pipe(ends) == 0);
    for (int i = 0; i < 3; i++)
        signal(watchers[i]->number, handle);
    for (int round = 0; round < 30; round++)
        CHECK(kill(getpid(), watchers[round % 3]->number) == 0);
    for (int left = 30; left > 0;) {
        struct message messages[4];
        ssize_t length = read(ends[0], messages, sizeof messages);
        CHECK(length > 0 && length % (ssize_t)sizeof *messages == 0);
        for (int i = 0; i < (int)(length / (ssize_t)sizeof *messages); i++, left--) {
            CHECK(messages[i].watcher == watchers[messages[i].more]);
            messages[i].watcher->seen += messages[i].number;
        }
    }
    printf("%d %d %d\n", first.seen, second.seen, third->seen);
    free(third);
}
