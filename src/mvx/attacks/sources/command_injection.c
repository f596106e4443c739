// T8b: a name goes into a command line.
#include "victim.h"

static void handle(int client) {
    char name[64] = "", command[128];
    if (!receive(client, name, sizeof name - 1))
        return;
    snprintf(command, sizeof command, "test -e /nonexistent/'%s'", name);
    int status = system(command);
    reply(client, status ? "no\n" : "yes\n", 3);
}

int main(void) { return serve(handle, false); }
