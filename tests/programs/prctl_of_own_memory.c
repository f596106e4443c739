// Options of prctl that are about the caller's own memory.
#include "check.h"
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#ifndef PR_SET_VMA
#define PR_SET_VMA           0x53564d41
#define PR_SET_VMA_ANON_NAME 0
#endif

int main(void) {
    char *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(memory != MAP_FAILED);
    int named = prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, memory, 4096, "a name");
    CHECK(named == 0 || errno == EINVAL); // a kernel without CONFIG_ANON_VMA_NAME
    CHECK(prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0) == 0);
    CHECK(prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0) == 1);
    pid_t child = fork();
    if (child == 0)
        _exit(prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0) == 1 ? 0 : 1);
    CHECK(exit_code(child) == 0);
    puts(named == 0 ? "named" : "not named");
}
