// T4: an answer with bytes that were never set: what earlier calls have left on the stack.
#include "victim.h"

struct answer {
    uint32_t status;
    char text[124];
};

__attribute__((noinline)) static void earlier(int client) {
    void *frames[48];
    for (int i = 0; i < 48; i++)
        frames[i] = i % 2 ? (void *)win : (void *)&frames[i];
    reply(client, frames, 0);
}

__attribute__((noinline)) static void answer(int client) {
    struct answer made;
    made.status = 200;
    __asm__ volatile("" : : "r"(&made) : "memory");
    strcpy(made.text, "ok");
    reply(client, &made, sizeof made);
}

static void handle(int client) {
    char request;
    if (!receive(client, &request, 1))
        return;
    earlier(client);
    answer(client);
}

int main(void) { return serve(handle, false); }
