// A memfd that is sent to another process is the same memory there: mapped by both, stored to by both, and after the
// sender has closed it.
#include "check.h"
#include <sched.h>
#include <sys/mman.h>
#include <sys/socket.h>

enum { SIZE = 8192 };

static void send_one(int socket, int descriptor) {
    char byte = 'd', space[CMSG_SPACE(sizeof(int))] = {0};
    struct iovec vector = {&byte, 1};
    struct msghdr message = {
        .msg_iov = &vector, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof space};
    struct cmsghdr *control = CMSG_FIRSTHDR(&message);
    control->cmsg_level = SOL_SOCKET;
    control->cmsg_type = SCM_RIGHTS;
    control->cmsg_len = CMSG_LEN(sizeof descriptor);
    memcpy(CMSG_DATA(control), &descriptor, sizeof descriptor);
    CHECK(sendmsg(socket, &message, 0) == 1);
}

static int receive_one(int socket) {
    char byte, space[CMSG_SPACE(sizeof(int))];
    struct iovec vector = {&byte, 1};
    struct msghdr message = {
        .msg_iov = &vector, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof space};
    int descriptor;
    CHECK(recvmsg(socket, &message, 0) == 1 && CMSG_FIRSTHDR(&message));
    memcpy(&descriptor, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof descriptor);
    return descriptor;
}

static void wait_for(const int *word, int value) {
    while (__atomic_load_n(word, __ATOMIC_SEQ_CST) != value)
        sched_yield();
}

static void serve(int socket) {
    int memory = receive_one(socket);
    int *words = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
    CHECK(words != MAP_FAILED);
    for (int round = 1; round < 50; round++) {
        wait_for(&words[0], round);
        words[10 + round] = words[100 + round] * 2;
        __atomic_store_n(&words[1], round, __ATOMIC_SEQ_CST);
    }
    CHECK(pwrite(memory, "written", 7, 4096) == 7 && ftruncate(memory, SIZE) == 0);
    _exit(0);
}

// A file that is mapped after memory of one's own is that file.
static void map_file_too(void) {
    char name[] = "./mapped-XXXXXX";
    int file = mkstemp(name);
    CHECK(file >= 0 && unlink(name) == 0 && write(file, "content", 7) == 7);
    CHECK(ftruncate(file, SIZE) == 0);
    char *mapped = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    CHECK(mapped != MAP_FAILED && memcmp(mapped, "content", 7) == 0);
    memcpy(mapped, "CONTENT", 7);
    char read_back[7];
    CHECK(pread(file, read_back, 7, 0) == 7 && memcmp(read_back, "CONTENT", 7) == 0);
    CHECK(munmap(mapped, SIZE) == 0 && close(file) == 0);
}

int main(void) {
    int pair[2];
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    pid_t child = fork();
    if (!child)
        serve(pair[1]);
    int memory = memfd_create("passed", MFD_CLOEXEC);
    CHECK(memory >= 0 && ftruncate(memory, SIZE) == 0);
    int *words = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
    CHECK(words != MAP_FAILED);
    words[101] = 77;
    map_file_too();
    send_one(pair[0], memory);
    close(memory);
    for (int round = 1; round < 50; round++) {
        words[100 + round] = 7 * round;
        __atomic_store_n(&words[0], round, __ATOMIC_SEQ_CST);
        wait_for(&words[1], round);
        printf("%d ", words[10 + round]);
        CHECK(words[10 + round] == 14 * round);
    }
    CHECK(exit_code(child) == 0 && memcmp(words + 1024, "written", 7) == 0);
    puts("ok");
    return 0;
}
