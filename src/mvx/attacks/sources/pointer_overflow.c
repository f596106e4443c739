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

// In one page, so that their addresses differ in low bytes only.
#define TOGETHER __attribute__((section(".text.together"), noinline, used)) static

TOGETHER __attribute__((aligned(4096))) void greet(int client) { reply(client, "hello\n", 6); }
TOGETHER void never_called(int client) {
    (void)client;
    win();
}

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
