// A small server with one hole. It prints the loopback port that it serves; the effect that an attacker is after is the file
// `marker`, or the secret on the wire.
#ifndef VICTIM_H
#define VICTIM_H

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define FUNCTION __attribute__((used, noinline)) static

// What the attacker wants to be executed.
FUNCTION void win(void) {
    int file = open("marker", O_WRONLY | O_CREAT, 0666);
    if (write(file, "owned\n", 6) != 6)
        _exit(1);
    _exit(0);
}

FUNCTION bool receive(int client, void *buffer, size_t count) {
    for (char *next = buffer; count;) {
        ssize_t got = read(client, next, count);
        if (got <= 0)
            return false;
        next += got;
        count -= (size_t)got;
    }
    return true;
}

FUNCTION void reply(int client, const void *bytes, size_t count) {
    if (send(client, bytes, count, MSG_NOSIGNAL) < 0)
        return;
}

// Serve one connection after another, each in a child of its own if wanted.
FUNCTION int serve(void (*handle)(int), bool forking) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(listener, (struct sockaddr *)&address, size) || listen(listener, 16) ||
        getsockname(listener, (struct sockaddr *)&address, &size))
        return 1;
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    for (;;) {
        int client = accept(listener, NULL, NULL);
        if (client < 0)
            return 1;
        if (!forking) {
            handle(client);
        } else if (fork() == 0) {
            close(listener);
            handle(client);
            reply(client, "ok\n", 3);
            _exit(0);
        }
        close(client);
        while (waitpid(-1, NULL, WNOHANG) > 0)
            ;
    }
}

#endif
