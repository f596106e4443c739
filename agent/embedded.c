/*
 * Structures that hold the address or the size of what the kernel writes: requests of ioctl
 * (SIOCGIFCONF, a list of interfaces; FS_IOC_FIEMAP, where a file lies on its device), and handles
 * of files, which name_to_handle_at writes (fs/fhandle.c).
 */
#include <asm/unistd_64.h>
#include <linux/fiemap.h>
#include <linux/sockios.h>

#include "agent.h"

enum {
    FIEMAP = 0xC020660B,
    EXTENTS_MAX = 1 << 16,
    HANDLE_MAX = 128,
    EOVERFLOW = 75,
    MOUNT_UNIQUE = 1 /* AT_HANDLE_MNT_ID_UNIQUE */
};

/* struct file_handle up to the handle itself. */
struct handle {
    uint32_t size;
    int32_t type;
};

struct interfaces {
    int32_t length, padding;
    uint64_t address;
};

static int is_request(const struct call *call, uint32_t request) {
    return (uint32_t)call->arguments[1] == request;
}

/* Returns 1 when it replaced the regular walk. */
int embedded_inputs(struct call *call) {
    const void *place = (const void *)call->arguments[2];
    struct interfaces interfaces = {0};
    struct fiemap map;
    if (is_request(call, SIOCGIFCONF)) {
        if (program_copy(&interfaces, place, sizeof interfaces)) {
            block_input(call, 2, place, sizeof interfaces);
            return 1;
        }
        call->capacity[2] = interfaces.length > 0 ? (uint32_t)interfaces.length : 0;
        interfaces.address = interfaces.address != 0;
        interfaces.padding = 0;
        block_input(call, 2, &interfaces, sizeof interfaces);
        return 1;
    }
    if (is_request(call, FIEMAP)) {
        if (program_copy(&map, place, sizeof map)) {
            block_input(call, 2, place, sizeof map);
            return 1;
        }
        call->capacity[2] = map.fm_extent_count;
        map.fm_mapped_extents = map.fm_reserved = 0;
        block_input(call, 2, &map, sizeof map);
        return 1;
    }
    return 0;
}

static void interfaces_outputs(struct call *call) {
    struct interfaces interfaces = {0};
    program_copy(&interfaces, (const void *)call->arguments[2], sizeof interfaces);
    uint32_t length = block_value(call, (uint32_t)interfaces.length);
    program_copy((void *)call->arguments[2], &length, sizeof length);
    if (interfaces.address) {
        block_output(call, (void *)interfaces.address, length, call->capacity[2]);
    }
}

static void extents_outputs(struct call *call) {
    char *place = (char *)call->arguments[2];
    struct fiemap map = {0};
    program_copy(&map, place, sizeof map);
    uint32_t count = call->capacity[2] < EXTENTS_MAX ? call->capacity[2] : EXTENTS_MAX;
    uint32_t mapped = map.fm_mapped_extents < count ? map.fm_mapped_extents : count;
    uint32_t size = count ? mapped * (uint32_t)sizeof(struct fiemap_extent) : 0;
    block_output(call, place, sizeof map, sizeof map);
    block_output(call, place + sizeof map, size, count * (uint32_t)sizeof(struct fiemap_extent));
}

int embedded_outputs(struct call *call) {
    int lists = is_request(call, SIOCGIFCONF);
    if (!lists && !is_request(call, FIEMAP)) {
        return 0;
    }
    if (is_error(call->result)) {
        return 1;
    }
    if (lists) {
        interfaces_outputs(call);
    } else {
        extents_outputs(call);
    }
    return 1;
}

void handle_inputs(struct call *call) {
    int opens = call->number == __NR_open_by_handle_at;
    int index = opens ? 1 : 2;
    const void *place = (const void *)call->arguments[index];
    struct handle handle = {0};
    if (!opens) {
        walk_input(call, 1);
    }
    if (program_copy(&handle, place, sizeof handle)) {
        block_input(call, index, place, sizeof handle);
        return;
    }
    uint32_t size = handle.size <= HANDLE_MAX ? handle.size : 0; /* more is EINVAL */
    call->capacity[index] = size;
    if (opens) {
        block_input(call, index, place, (uint32_t)sizeof handle + size);
    } else {
        block_input(call, index, &handle.size, sizeof handle.size);
    }
}

/* Where the handle is too long, the kernel says how long it is. */
void handle_outputs(struct call *call) {
    void *place = (void *)call->arguments[2];
    struct handle handle = {0};
    if (call->number != __NR_name_to_handle_at || (call->result && call->result != -EOVERFLOW)) {
        return;
    }
    program_copy(&handle, place, sizeof handle);
    uint32_t capacity = call->capacity[2];
    uint32_t size = handle.size < capacity ? handle.size : capacity;
    uint32_t mount_size = call->arguments[4] & MOUNT_UNIQUE ? 8 : 4;
    block_output(call, place, (uint32_t)sizeof handle + (call->result ? 0 : size),
                 (uint32_t)sizeof handle + capacity);
    block_output(call, (void *)call->arguments[3], mount_size, mount_size);
}
