// Three threads accept at one listening socket; four clients of the same process ask them.
#include "seen.h"
#include <arpa/inet.h>
#include <sys/socket.h>

static int listener;
static struct sockaddr_in address = {.sin_family = AF_INET};

static void *serve(void *argument) {
    for (;;) {
        int connection = accept(listener, NULL, NULL);
        char request[16];
        CHECK(connection >= 0 && read(connection, request, sizeof request) > 0);
        if (request[0] == 'q')
            return NULL;
        char answer = (char)('a' + number(argument));
        note(answer);
        CHECK(write(connection, &answer, 1) == 1 && close(connection) == 0);
    }
}

static int ask(char request, char *answer) {
    int connection = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(connect(connection, (struct sockaddr *)&address, sizeof address) == 0);
    CHECK(write(connection, &request, 1) == 1);
    int count = request == 'q' ? 0 : (int)read(connection, answer, 1);
    CHECK(close(connection) == 0);
    return count;
}

static void *work(void *argument) {
    for (int i = 0; i < 8; i++) {
        char answer;
        CHECK(ask((char)('0' + number(argument)), &answer) == 1);
        CHECK(answer >= 'a' && answer <= 'c');
        note('A' + number(argument));
    }
    return NULL;
}

int main(void) {
    pthread_t servers[3];
    socklen_t size = sizeof address;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK((listener = socket(AF_INET, SOCK_STREAM, 0)) >= 0);
    CHECK(bind(listener, (struct sockaddr *)&address, size) == 0 && listen(listener, 16) == 0);
    CHECK(getsockname(listener, (struct sockaddr *)&address, &size) == 0);
    for (intptr_t i = 0; i < 3; i++)
        CHECK(pthread_create(&servers[i], NULL, serve, (void *)i) == 0);
    run_threads(4, work);
    for (int i = 0; i < 3; i++)
        ask('q', NULL);
    for (int i = 0; i < 3; i++)
        CHECK(pthread_join(servers[i], NULL) == 0);
    CHECK(noted('a') + noted('b') + noted('c') == 32);
    show_seen();
}
