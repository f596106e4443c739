// What a program has and does must be there after a follower took over: it prepares all, disagrees with WRONG, and looks.
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile sig_atomic_t seen;
static volatile double number = 0.1;
static char alternate[1 << 15];

static void on_signal(int signal_number) {
    char on_stack;
    seen = signal_number + (&on_stack > alternate && &on_stack < alternate + sizeof alternate ? 100 : 0);
}

static void check(int right, const char *what) {
    printf("%s: %s\n", what, right ? "right" : "wrong");
    fflush(stdout);
}

static void *in_thread(void *argument) {
    char *text = strdup(argument);
    return text;
}

int main(void) {
    // Before
    int pair[2], pipe_ends[2];
    char *volatile large = malloc(1 << 22), *small = strdup("small");
    memset(large, 'l', 1 << 22);
    int *shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    *shared = 1;
    stack_t stack = {.ss_sp = alternate, .ss_size = sizeof alternate};
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_ONSTACK};
    int file = open("kept", O_RDWR | O_CREAT | O_TRUNC, 0600);
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) || pipe(pipe_ends) || sigaltstack(&stack, NULL) ||
        sigaction(SIGUSR1, &action, NULL) || write(file, "one\n", 4) != 4)
        return 1;
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = small};
    int instance = epoll_create1(EPOLL_CLOEXEC);
    epoll_ctl(instance, EPOLL_CTL_ADD, pair[1], &event);
    pid_t self = getpid(), child = fork();
    if (child == 0) {
        char byte;
        _exit(read(pipe_ends[0], &byte, 1) == 1 ? 7 : 8);
    }
    jmp_buf place;
    volatile int jumped = 0;
    double computed = number * 3;
    if (setjmp(place))
        jumped = 1;
    if (!jumped) {
#ifdef WRONG
        printf("at %p\n", (void *)&main);
#else
        printf("at home\n");
#endif
        fflush(stdout);
        longjmp(place, 1);
    }
    // After
    check(jumped == 1 && computed > 0.29 && computed < 0.31, "registers");
    check(large[1 << 21] == 'l' && !strcmp(small, "small") && *shared == 1, "memory");
    free(large);
    large = malloc(1 << 23);
    memset(large, 'm', 1 << 23);
    char *grown = sbrk(1 << 20);
    grown[1000] = 1;
    check(large[1 << 22] == 'm' && grown[1000] == 1, "more memory");
    raise(SIGUSR1);
    check(seen == SIGUSR1 + 100, "handler on its stack");
    check(write(pair[0], "x", 1) == 1 && epoll_wait(instance, &event, 1, 1000) == 1 && event.data.ptr == small, "epoll");
    check(write(file, "two\n", 4) == 4 && lseek(file, 0, SEEK_CUR) == 8, "file");
    int status = 0;
    check(write(pipe_ends[1], "x", 1) == 1 && waitpid(child, &status, 0) == child && WEXITSTATUS(status) == 7, "child");
    check(getpid() == self, "number");
    child = fork();
    if (child == 0) {
        *shared = 2;
        execlp("sh", "sh", "-c", "echo executed", (char *)NULL);
    }
    check(waitpid(child, &status, 0) == child && status == 0 && *shared == 2, "new child");
    pthread_t thread;
    void *result = NULL;
    check(!pthread_create(&thread, NULL, in_thread, "thread") && !pthread_join(thread, &result) && !strcmp(result, "thread"),
          "thread");
    char line[512];
    FILE *maps = fopen("/proc/self/cmdline", "r");
    check(maps && fgets(line, sizeof line, maps) && strstr(line, "goes_on"), "arguments");
    char deep[1 << 19];
    memset(deep, 1, sizeof deep);
    check(deep[1000] == 1, "deep stack");
    return 0;
}
