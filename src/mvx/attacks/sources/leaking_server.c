// T12: who asks for it gets an address, which differs between variants; others are served. Every connection gets a child.
#include "victim.h"

static void handle(int client) {
    void (*address)(void) = win;
    char request;
    if (receive(client, &request, 1) && request == 'l')
        reply(client, &address, sizeof address);
}

int main(void) { return serve(handle, true); }
