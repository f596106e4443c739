// Threads load and unload libraries, resolve names, and format numbers with locales at the same time.
#include "seen.h"
#include <dlfcn.h>
#include <math.h>
#include <netdb.h>

static void *work(void *argument) {
    for (int i = 0; i < 5; i++) {
        void *library = dlopen("libm.so.6", RTLD_NOW);
        CHECK(library);
        double (*cosine)(double) = (double (*)(double))dlsym(library, "cos");
        CHECK(cosine && cosine(0) == 1);
        CHECK(dlclose(library) == 0);
        note('a' + number(argument));
        struct addrinfo hints = {.ai_flags = AI_NUMERICHOST, .ai_family = AF_INET}, *found;
        CHECK(getaddrinfo("127.0.0.1", "80", &hints, &found) == 0);
        freeaddrinfo(found);
        char text[32];
        CHECK(snprintf(text, sizeof text, "%.3f", 1.5 + number(argument)) == 5);
    }
    return NULL;
}

int main(void) {
    run_threads(4, work);
    CHECK(seen_count == 20);
    show_seen();
}
