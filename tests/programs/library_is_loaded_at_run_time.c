// dlopen loads a library and dlsym finds its functions.
#include "check.h"
#include <dlfcn.h>

int main(void) {
    void *library = dlopen("libm.so.6", RTLD_NOW);
    CHECK(library);
    double (*power)(double, double);
    void *symbol = dlsym(library, "pow");
    CHECK(symbol);
    memcpy(&power, &symbol, sizeof power);
    printf("%g\n", power(2, 10));
    Dl_info place;
    CHECK(dladdr(symbol, &place) != 0 && strstr(place.dli_fname, "libm"));
    CHECK(!dlsym(library, "no_such_function") && dlerror());
    CHECK(!dlopen("no_such_library.so", RTLD_NOW) && dlerror());
    CHECK(dlclose(library) == 0);
}
