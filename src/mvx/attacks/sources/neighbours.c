// T8: an overflow from one variable into another. Which one lies behind it, the build decides.
#include "victim.h"

struct right {
    int is_administrator;
};

struct right is_administrator = {-1};
char name[32] = "nobody";

static void handle(int client) {
    uint16_t size;
    is_administrator.is_administrator = 0;
    if (!receive(client, &size, sizeof size) || size > 256)
        return;
    receive(client, name, size);
    if (is_administrator.is_administrator)
        win();
    reply(client, "denied\n", 7);
}

int main(void) { return serve(handle, false); }
