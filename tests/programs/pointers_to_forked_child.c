// A parent tells its forked child through a pipe which function to call on which object.
#include "check.h"
#include <sys/uio.h>

struct request {
    unsigned (*function)(unsigned *object, unsigned number);
    unsigned *object;
    unsigned long number;
};

static unsigned add(unsigned *object, unsigned number) {
    return *object += number;
}
static unsigned multiply(unsigned *object, unsigned number) {
    return *object *= number;
}

static unsigned shared_once = 3;

static void serve(int in, int out) {
    struct request request;
    for (int turn = 0;; turn++) {
        // As a whole, or with one read for each of two parts.
        struct iovec parts[2] = {{&request, 8}, {(char *)&request + 8, sizeof request - 8}};
        ssize_t length = turn % 2 ? read(in, &request, sizeof request) : readv(in, parts, 2);
        if (length == 0)
            _exit(0);
        CHECK(length == sizeof request);
        unsigned result = request.function(request.object, (unsigned)request.number);
        CHECK(write(out, &result, sizeof result) == sizeof result);
    }
}

int main(void) {
    unsigned on_stack = 1;
    int requests[2], results[2];
    CHECK(pipe(requests) == 0 && pipe(results) == 0);
    pid_t child = fork();
    if (child == 0) {
        CHECK(close(requests[1]) == 0);
        serve(requests[0], results[1]);
    }
    CHECK(close(requests[0]) == 0);
    for (unsigned i = 1; i <= 400; i++) {
        struct request request = {i % 3 ? add : multiply, i % 2 ? &on_stack : &shared_once, i};
        unsigned result;
        CHECK(write(requests[1], &request, sizeof request) == sizeof request);
        CHECK(read(results[0], &result, sizeof result) == sizeof result);
        if (i % 100 == 0)
            printf("%u\n", result);
    }
    CHECK(close(requests[1]) == 0 && exit_code(child) == 0);
    CHECK(on_stack == 1 && shared_once == 3); // the child's are its own
}
