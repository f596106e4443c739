// Processes that share memory are killed, crash, execute and exit while others wait for them.
#include "seen.h"
#include <signal.h>
#include <stdatomic.h>
#include <sys/resource.h>

enum { PROCESSES = 5, ROUNDS = 3 };

static atomic_int *shared;

static void *leave(void *unused) {
    (void)unused;
    shared[2]++;
    _exit(7);
}

static void work(int self) {
    for (int i = 0; i < 20; i++) {
        int mine = atomic_fetch_add(shared, 1);
        if (mine % 10 == 0) {
            char line[64];
            int size = snprintf(line, sizeof line, "%d %d\n", self, mine);
            CHECK(write(1, line, (size_t)size) == size);
        }
        if (i % 5 == self)
            usleep(100);
    }
}

static void end(int self) {
    pthread_t thread;
    switch (self) {
    case 0:
        for (shared[1] = 1;;)
            __asm__ volatile("");
    case 1:
        execl("/bin/true", "true", (char *)NULL);
        break;
    case 2:
        shared[2]++;
        *(volatile int *)8 = 1;
        break;
    case 3:
        CHECK(pthread_create(&thread, NULL, leave, NULL) == 0);
        for (;;)
            pause();
    case 4:
        raise(SIGTERM);
    }
    _exit(99);
}

int main(void) {
    shared = shared_memory(4096);
    CHECK(setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0}) == 0);
    for (int round = 0; round < ROUNDS; round++) {
        pid_t child[PROCESSES];
        int how[PROCESSES];
        for (int i = 0; i < PROCESSES; i++) {
            child[i] = fork();
            CHECK(child[i] >= 0);
            if (!child[i]) {
                work(i);
                end(i);
            }
        }
        for (int i = 1; i < PROCESSES; i++)
            CHECK(waitpid(child[i], &how[i], 0) == child[i]);
        while (!shared[1])
            usleep(1000);
        CHECK(kill(child[0], SIGKILL) == 0);
        CHECK(waitpid(child[0], &how[0], 0) == child[0]);
        shared[1] = 0;
        CHECK(WTERMSIG(how[0]) == SIGKILL && how[1] == 0 && WTERMSIG(how[2]) == SIGSEGV);
        CHECK(WEXITSTATUS(how[3]) == 7 && WTERMSIG(how[4]) == SIGTERM);
    }
    CHECK(shared[0] == ROUNDS * PROCESSES * 20 && shared[2] == ROUNDS * 2);
    puts("ok");
}
