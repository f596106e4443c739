// T1, as CVE-2013-2028: the size of a chunk is believed, and the chunk is read into a buffer on the stack.
#include "victim.h"

static char last_request[128];

__attribute__((noinline)) static void handle(int client) {
    char body[64];
    uint16_t size;
    if (!receive(client, last_request, sizeof last_request) || !receive(client, &size, sizeof size))
        return;
    receive(client, body, size);
    reply(client, body, 4);
}

int main(void) { return serve(handle, false); }
