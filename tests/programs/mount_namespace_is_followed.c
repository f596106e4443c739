// What is mounted in a mount namespace of one's own is found by name there, executed and mapped, and nowhere else;
// the namespace is made by unshare, clone or setns, alone or in a user namespace of one's own.
#include "check.h"
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/syscall.h>

enum { REFUSED = 99 };

static const char copy[] = "/mnt/copy-of-this";

static void copy_program(void) {
    static char bytes[1 << 16];
    int from = open("/proc/self/exe", O_RDONLY), to = open(copy, O_WRONLY | O_CREAT | O_EXCL, 0755);
    CHECK(from >= 0 && to >= 0);
    for (ssize_t size; (size = read(from, bytes, sizeof bytes)) > 0;)
        CHECK(write(to, bytes, (size_t)size) == size);
    close(from);
    close(to);
}

static void use_copy(void) {
    int file = open(copy, O_RDONLY);
    char *mapped = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, file, 0);
    CHECK(file >= 0 && mapped != MAP_FAILED && memcmp(mapped, "\177ELF", 4) == 0);
    pid_t child = fork();
    if (!child) {
        CHECK(chdir("/mnt") == 0);
        execl("./copy-of-this", "copy", "again", (char *)NULL);
        CHECK(!"exec");
    }
    CHECK(exit_code(child) == 0);
}

static void mount_there(void) {
    char folder[64];
    CHECK(getcwd(folder, sizeof folder) && strcmp(folder, "/usr") == 0);
    CHECK(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
    CHECK(mount("none", "/mnt", "tmpfs", 0, NULL) == 0);
    copy_program();
    use_copy();
}

static void be_root_there(void) {
    static const char *const files[][2] = {{"setgroups", "deny"}, {"uid_map", "0 0 1"}, {"gid_map", "0 0 1"}};
    for (int i = 0; i < 3; i++) {
        char name[64];
        snprintf(name, sizeof name, "/proc/self/%s", files[i][0]);
        int file = open(name, O_WRONLY);
        CHECK(file >= 0 && write(file, files[i][1], strlen(files[i][1])) > 0);
        close(file);
    }
}

static int in_child(unsigned long flags, unsigned long unshared) {
    long child = syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0);
    if (child < 0)
        return REFUSED;
    if (!child) {
        if (unshared && unshare((int)unshared) == -1)
            _exit(REFUSED);
        if (unshared & CLONE_NEWUSER)
            be_root_there();
        mount_there();
        _exit(0);
    }
    return exit_code((pid_t)child);
}

static void enters(void) {
    int old = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
    CHECK(old >= 0 && unshare(CLONE_NEWNS) == 0);
    mount_there();
    int new = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
    CHECK(setns(old, CLONE_NEWNS) == 0 && access(copy, F_OK) == -1);
    CHECK(setns(new, CLONE_NEWNS) == 0 && access(copy, F_OK) == 0);
    use_copy();
}

int main(int argc, char **argv) {
    (void)argv;
    if (argc == 2) {
        puts("a copy runs");
        return 0;
    }
    CHECK(chdir("/usr") == 0);
    int ways[] = {in_child(CLONE_NEWNS, 0), in_child(0, CLONE_NEWNS),
                  getuid() == 0 ? in_child(0, CLONE_NEWNS | CLONE_NEWUSER) : 0};
    for (int i = 0; i < 3; i++)
        CHECK(ways[i] == 0 || ways[i] == REFUSED);
    CHECK(access(copy, F_OK) == -1);
    if (ways[1] == 0 && getuid() == 0)
        enters();
    puts("ok");
    return 0;
}
