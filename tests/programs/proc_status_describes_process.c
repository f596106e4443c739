// /proc/self/status and /proc/PID/status name the process, its parent and its threads.
#include "check.h"

static void check_status(const char *path, pid_t process, pid_t parent) {
    FILE *stream = fopen(path, "r");
    CHECK(stream);
    char line[16384], name[64] = "";
    int number, found = 0;
    while (fgets(line, sizeof line, stream)) {
        found += sscanf(line, "Name: %63s", name) == 1 && strncmp(name, "proc_status_des", 15) == 0;
        found += sscanf(line, "Pid: %d", &number) == 1 && number == process;
        found += sscanf(line, "Tgid: %d", &number) == 1 && number == process;
        found += sscanf(line, "PPid: %d", &number) == 1 && number == parent;
        found += sscanf(line, "Threads: %d", &number) == 1 && number >= 1;
        found += sscanf(line, "VmRSS: %d kB", &number) == 1 && number > 0;
    }
    CHECK(fclose(stream) == 0 && found == 6);
}

int main(void) {
    char path[64];
    pid_t self = getpid(), parent = getppid();
    check_status("/proc/self/status", self, parent);
    check_status("/proc/thread-self/status", self, parent);
    snprintf(path, sizeof path, "/proc/%d/status", (int)self);
    check_status(path, self, parent);
    pid_t child = fork();
    if (child == 0) {
        check_status(path, self, parent);
        check_status("/proc/self/status", getpid(), self);
        _exit(0);
    }
    CHECK(exit_code(child) == 0);
    puts("ok");
}
