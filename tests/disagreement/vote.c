// A program, and with WRONG a build of it that does one thing otherwise; in a child, if there is a second word.
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef WRONG
static const int wrong = 1;
#else
static const int wrong = 0;
#endif

static void say(const char *text) {
    if (write(1, text, strlen(text)) < 0)
        _exit(9);
}

static void ask(void) {
    char place[4096];
    struct utsname system;
    if (!getcwd(place, sizeof place) || uname(&system) < 0 || access("/nonexistent/file", F_OK) == 0)
        _exit(9);
}

static void work(const char *what) {
    say("before\n");
    if (!strcmp(what, "bytes"))
        say(wrong ? "at 0x1234\n" : "at 0xabcd\n");
    else if (!strcmp(what, "length"))
        say(wrong ? "wrong\n" : "all is right\n");
    else if (!strcmp(what, "effect") && wrong)
        unlink("effect");
    else if (!strcmp(what, "more-queries") && wrong)
        ask();
    else if (!strcmp(what, "fewer-queries") && !wrong)
        ask();
    else if (!strcmp(what, "crash") && wrong)
        abort();
    else if (!strcmp(what, "fault") && wrong)
        *(volatile int *)8 = 1;
    else if (!strcmp(what, "exit") && wrong)
        _exit(3);
    else if (!strcmp(what, "hang") && wrong)
        for (;;)
            __asm__ volatile("pause");
    say("after\n");
}

int main(int count, char **words) {
    if (count < 3) {
        work(words[1]);
        return 0;
    }
    for (int i = 0; i < 2; i++) {
        pid_t child = fork();
        if (child == 0) {
            work(i ? "" : words[1]);
            _exit(0);
        }
        int status = 0;
        waitpid(child, &status, 0);
        say(status ? "child lost\n" : "child done\n");
    }
    return 0;
}
