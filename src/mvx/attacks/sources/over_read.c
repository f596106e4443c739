// T3, as CVE-2014-0160: the client says how long the payload is that it gets back.
#include "victim.h"

struct session { // what lies between the payload and the secret in a grown heap
    struct session *next;
    void (*close)(int);
    char name[48];
};

static char *payload, *volatile secret;
static struct session *volatile sessions;

static void handle(int client) {
    struct {
        uint16_t sent, claimed;
    } header;
    if (!receive(client, &header, sizeof header) || header.sent > 64 || !receive(client, payload, header.sent))
        return;
    reply(client, payload, header.claimed);
}

int main(int count, char **words) {
    (void)words;
    payload = calloc(1, 64);
    for (int i = 0; i < 3; i++) {
        struct session *session = calloc(1, sizeof *session);
        session->next = sessions;
        if (count < 2)
            session->close = handle;
        sessions = session;
    }
    secret = malloc(64);
    strcpy(secret, "TOP-SECRET-KEY");
    return serve(handle, false);
}
