// ioctl fills lists whose address or size is in a structure: SIOCGIFCONF, FS_IOC_FIEMAP.
#include "check.h"
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

enum { EXTENTS = 4, BLOCK = 65536 };

static void interfaces(void) {
    int any = socket(AF_INET, SOCK_DGRAM, 0);
    struct ifreq list[32];
    struct ifconf request = {.ifc_len = 0};
    memset(list, 0x5a, sizeof list);
    CHECK(any >= 0 && ioctl(any, SIOCGIFCONF, &request) == 0);
    int size = request.ifc_len;
    CHECK(size > 0 && size % (int)sizeof *list == 0);
    request.ifc_len = sizeof list;
    request.ifc_req = list;
    CHECK(ioctl(any, SIOCGIFCONF, &request) == 0 && request.ifc_len == size);
    bool has_loopback = false;
    for (int i = 0; i < size / (int)sizeof *list; i++)
        has_loopback |= strcmp(list[i].ifr_name, "lo") == 0;
    CHECK(has_loopback && list[31].ifr_name[0] == 0x5a);
    request.ifc_len = sizeof *list - 1;
    CHECK(ioctl(any, SIOCGIFCONF, &request) == 0 && request.ifc_len == 0);
    CHECK_FAILS(ioctl(any, SIOCGIFCONF, NULL), EFAULT);
    close(any);
}

static void extents(void) {
    char name[] = "./extents-XXXXXX", block[BLOCK];
    int file = mkstemp(name);
    memset(block, 'x', sizeof block);
    CHECK(file >= 0 && unlink(name) == 0 && write(file, block, BLOCK) == BLOCK && fsync(file) == 0);
    struct {
        struct fiemap map;
        struct fiemap_extent extents[EXTENTS];
    } request = {.map = {.fm_length = ~0UL}};
    if (ioctl(file, FS_IOC_FIEMAP, &request) == -1) {
        CHECK(errno == EOPNOTSUPP);
        return;
    }
    CHECK(request.map.fm_mapped_extents >= 1 && request.extents[0].fe_length == 0);
    request.map.fm_extent_count = EXTENTS;
    CHECK(ioctl(file, FS_IOC_FIEMAP, &request) == 0 && request.map.fm_mapped_extents >= 1);
    CHECK(request.extents[0].fe_logical == 0 && request.extents[0].fe_length > 0);
    printf("%llu\n", (unsigned long long)request.extents[0].fe_length);
}

int main(void) {
    interfaces();
    extents();
    puts("ok");
    return 0;
}
