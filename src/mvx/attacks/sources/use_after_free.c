// T6: a session that was closed is used again, and its memory holds what the client sent since.
#include "victim.h"

struct session {
    void (*greet)(int);
    char name[56];
};

static struct session *session;
static char *note;

static void greet(int client) { reply(client, session->name, strlen(session->name)); }

static void handle(int client) {
    char order;
    while (receive(client, &order, 1)) {
        switch (order) {
        case 'o':
            session = malloc(sizeof *session);
            session->greet = greet;
            strcpy(session->name, "hello");
            break;
        case 'c':
            free(session);
            break;
        case 'n':
            note = malloc(sizeof *session);
            receive(client, note, sizeof *session);
            break;
        case 'g':
            session->greet(client);
            break;
        }
    }
}

int main(void) { return serve(handle, false); }
