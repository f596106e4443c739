// Sends the address of static data to a child, which writes it out: read as a whole ("whole"), byte
// by byte ("bytes"), or by cat ("cat").
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int place;

int main(int count, char **arguments) {
    int ends[2], status;
    if (count != 2 || pipe(ends))
        return 1;
    pid_t child = fork();
    if (child == 0) {
        void *address;
        close(ends[1]);
        if (!strcmp(arguments[1], "cat")) {
            dup2(ends[0], 0);
            execlp("cat", "cat", NULL);
        }
        size_t size = strcmp(arguments[1], "bytes") ? sizeof address : 1;
        for (size_t got = 0; got < sizeof address; got += size)
            if (read(ends[0], (char *)&address + got, size) != (ssize_t)size)
                _exit(1);
        _exit(write(1, &address, sizeof address) != sizeof address);
    }
    void *address = &place;
    if (write(ends[1], &address, sizeof address) != sizeof address)
        return 1;
    close(ends[1]);
    return waitpid(child, &status, 0) != child || status;
}
