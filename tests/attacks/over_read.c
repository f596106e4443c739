// T3, as CVE-2014-0160: the client says how long the payload is that it gets back.
#include "victim.h"

struct session {
    struct session *next; // what lies between the payload and the secret in a grown heap
    char name[56];
};

static char *payload, *secret;
static struct session *sessions;

static void handle(int client) {
    struct {
        uint16_t sent, claimed;
    } header;
    if (!receive(client, &header, sizeof header) || header.sent > 64 || !receive(client, payload, header.sent))
        return;
    reply(client, payload, header.claimed);
}

int main(int count, char **words) {
    payload = calloc(1, 64);
    for (int i = 0; count < 2 && i < 3; i++) {
        struct session *session = calloc(1, sizeof *session);
        session->next = sessions;
        sessions = session;
    }
    secret = malloc(64);
    strcpy(secret, count < 2 ? "TOP-SECRET-KEY" : words[1]);
    return serve(handle, false);
}
