// /proc/self/maps lists code, heap, stack and a fresh mapping with their rights.
#include "check.h"
#include <sys/mman.h>

static int global = 1;

static void rights_of(const void *address, char *rights, char *name) {
    FILE *stream = fopen("/proc/self/maps", "r");
    char line[8192];
    unsigned long start, end, last = 0;
    rights[0] = name[0] = 0;
    CHECK(stream);
    while (fgets(line, sizeof line, stream)) {
        char flags[8] = "", path[4096] = "";
        CHECK(sscanf(line, "%lx-%lx %7s %*x %*x:%*x %*u %4095s", &start, &end, flags, path) >= 3);
        CHECK(start < end && (start >= last || start > 0xffffffff00000000));
        last = end;
        if ((unsigned long)address >= start && (unsigned long)address < end)
            strcpy(rights, flags), strcpy(name, path);
    }
    CHECK(fclose(stream) == 0);
}

int main(void) {
    char rights[8], name[4096];
    rights_of((const void *)(uintptr_t)main, rights, name);
    CHECK(strcmp(rights, "r-xp") == 0 && strstr(name, "proc_maps_parses"));
    rights_of(&global, rights, name);
    CHECK(strcmp(rights, "rw-p") == 0 && strstr(name, "proc_maps_parses"));
    rights_of(rights, rights, name);
    CHECK(strcmp(rights, "rw-p") == 0 && strcmp(name, "[stack]") == 0);
    void *map = mmap(NULL, 4096, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(map != MAP_FAILED);
    rights_of(map, rights, name);
    CHECK(strcmp(rights, "r--s") == 0 && munmap(map, 4096) == 0);
    rights_of(map, rights, name);
    CHECK(rights[0] == 0);
    puts("ok");
}
