// capget and /proc/self/status agree on the effective capabilities.
#include "check.h"
#include <linux/capability.h>
#include <sys/syscall.h>

int main(void) {
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2] = {{0}};
    CHECK(syscall(SYS_capget, &header, data) == 0);
    FILE *stream = fopen("/proc/self/status", "r");
    char line[16384];
    unsigned long effective = 0;
    CHECK(stream);
    while (fgets(line, sizeof line, stream))
        if (sscanf(line, "CapEff: %lx", &effective) == 1)
            break;
    CHECK(fclose(stream) == 0);
    CHECK(effective == ((unsigned long)data[1].effective << 32 | data[0].effective));
    CHECK((data[0].effective & ~data[0].permitted) == 0);
    header.version = 1;
    CHECK(syscall(SYS_capget, &header, data) == -1 || header.version != 1);
    puts("ok");
}
