// T9: two releases of one server. The older one checks a sum that wraps around; the newer one, made with -DPATCHED, does not.
#include "victim.h"

static struct {
    char secret[64];
    char page[64];
} kept = {"TOP-SECRET-KEY", "public"};

static void handle(int client) {
    struct {
        uint32_t start, size;
    } range;
    if (!receive(client, &range, sizeof range))
        return;
#ifdef PATCHED
    bool inside = range.size <= sizeof kept.page && range.start <= sizeof kept.page - range.size;
#else
    bool inside = range.start + range.size <= sizeof kept.page;
#endif
    if (inside && range.size <= sizeof kept.page)
        reply(client, kept.page + (int32_t)range.start, range.size);
    else
        reply(client, "denied\n", 7);
}

int main(void) { return serve(handle, false); }
