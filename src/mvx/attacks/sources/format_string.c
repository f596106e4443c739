// T5: what the client sends is used as a format.
#include "victim.h"

static void handle(int client) {
    char request[64] = "", answer[1024];
    if (!receive(client, request, sizeof request - 1))
        return;
    int size = snprintf(answer, sizeof answer, request);
    reply(client, answer, size < (int)sizeof answer ? (size_t)size : sizeof answer);
}

int main(void) { return serve(handle, false); }
