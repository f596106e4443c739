// A file of /proc that stays open tells how a process is now when it is read from its start again.
#include "check.h"

static char state_of(int file, char *content, ssize_t count) {
    CHECK(count > 0 && count < 4096);
    content[count] = 0;
    const char *line = strstr(content, "State:\t");
    const char *after = strrchr(content, ')');
    (void)file;
    return line ? line[7] : after[2];
}

// 'T' as soon as it is there
static void wait_for(int file, char wanted, bool is_seeking) {
    static char content[4096];
    for (int turn = 0; turn < 2000; turn++) {
        ssize_t count;
        if (is_seeking) {
            // as stdio goes back
            CHECK(lseek(file, -lseek(file, 0, SEEK_CUR), SEEK_CUR) == 0);
            count = read(file, content, sizeof content - 1);
        } else {
            count = pread(file, content, sizeof content - 1, 0);
        }
        if (state_of(file, content, count) == wanted) {
            return;
        }
        usleep(5000);
    }
    CHECK(!"the state came");
}

int main(void) {
    pid_t child = fork();
    if (child == 0) {
        raise(SIGSTOP);
        for (;;) {
            pause();
        }
    }
    char path[64];
    sprintf(path, "/proc/%d/status", child);
    int status = open(path, O_RDONLY);
    sprintf(path, "/proc/%d/stat", child);
    int line = open(path, O_RDONLY);
    CHECK(status >= 0 && line >= 0);
    wait_for(status, 'T', true);
    wait_for(line, 'T', false);
    CHECK(kill(child, SIGCONT) == 0);
    wait_for(line, 'S', true);
    wait_for(dup(status), 'S', false);
    CHECK(kill(child, SIGKILL) == 0 && waitpid(child, NULL, 0) == child);
    puts("ok");
}
