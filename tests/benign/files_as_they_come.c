// Directory order, inode numbers, times, ports, descriptors: whatever the kernel hands out.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

int main(void) {
    char name[32];
    for (int i = 0; i < 40; i++) {
        snprintf(name, sizeof name, "file-%d", i * 7919 % 101);
        close(open(name, O_CREAT | O_WRONLY, 0600));
    }
    DIR *folder = opendir(".");
    for (struct dirent *entry; (entry = readdir(folder));) {
        struct stat status;
        stat(entry->d_name, &status);
        printf("~ %s %lu %ld %ld.%09ld\n", entry->d_name, entry->d_ino, telldir(folder), status.st_mtim.tv_sec, status.st_mtim.tv_nsec);
    }
    struct statvfs space;
    statvfs(".", &space);
    printf("~ %lu %lu\n", space.f_bfree, space.f_fsid);
    for (int i = 0; i < 5; i++) {
        struct sockaddr_in address = {.sin_family = AF_INET};
        socklen_t size = sizeof address;
        int descriptor = socket(AF_INET, SOCK_STREAM, 0);
        if (listen(descriptor, 1) || getsockname(descriptor, (struct sockaddr *)&address, &size))
            return 1;
        printf("~ %d %d\n", descriptor, ntohs(address.sin_port));
    }
    return 0;
}
