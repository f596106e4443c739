// T2 and T8: an overflow next to a function pointer and a flag. The client decides how far it goes.
#include "victim.h"

static struct {
    char name[32];
    void (*greet)(int);
} account;

static struct {
    char name[32];
    int is_administrator;
} rights;

__attribute__((aligned(65536))) static void greet(int client) { reply(client, "hello\n", 6); }

static void handle(int client) {
    uint16_t size;
    char order;
    account.greet = greet;
    rights.is_administrator = 0;
    if (!receive(client, &order, 1) || !receive(client, &size, sizeof size) || size > 256)
        return;
    if (order == 'a') {
        receive(client, account.name, size);
        account.greet(client);
        return;
    }
    receive(client, rights.name, size);
    if (rights.is_administrator)
        win();
    reply(client, "denied\n", 7);
}

int main(void) { return serve(handle, false); }
