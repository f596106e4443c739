// Memory that was mapped lies at the same address in all variants: an absolute address of it is right in all of them.
#include "victim.h"

#include <sys/mman.h>

static struct account {
    int is_administrator;
} *account;

static void (*generated)(void);

// The hole: bytes of the client's choice at an address of the client's choice.
static void handle(int client) {
    struct {
        char *address;
        uint64_t size;
    } where;
    if (!receive(client, &where, sizeof where) || !receive(client, where.address, where.size))
        return;
    generated();
    if (account->is_administrator)
        win();
    reply(client, "denied\n", 7);
}

int main(void) {
    account = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    *page = (char)0xc3; // ret: a function made at run time, as some programs do
    generated = (void (*)(void))(uintptr_t)page;
    return serve(handle, false);
}
