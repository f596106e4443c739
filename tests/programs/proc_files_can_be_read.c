// The files of /proc that programs like to read are there and have their first words.
#include "check.h"

int main(void) {
    const char *files[][2] = {{"/proc/meminfo", "MemTotal:"}, {"/proc/cpuinfo", "processor"},
                              {"/proc/stat", "cpu "},         {"/proc/version", "Linux version"},
                              {"/proc/self/limits", "Limit"}, {"/proc/self/io", "rchar:"},
                              {"/proc/filesystems", "nodev"}, {"/proc/self/smaps", NULL},
                              {"/proc/loadavg", NULL},        {"/proc/uptime", NULL},
                              {"/proc/mounts", NULL},         {"/proc/self/mountinfo", NULL},
                              {"/proc/self/cgroup", NULL},    {"/proc/sys/kernel/ostype", "Linux"},
                              {"/proc/self/auxv", NULL},      {"/proc/self/oom_score_adj", NULL}};
    for (unsigned i = 0; i < sizeof files / sizeof *files; i++) {
        char text[4096] = "";
        int fd = open(files[i][0], O_RDONLY);
        CHECK(fd >= 0 || !files[i][1]);
        if (fd < 0)
            continue;
        CHECK(read(fd, text, sizeof text - 1) >= 0);
        CHECK(!files[i][1] || strncmp(text, files[i][1], strlen(files[i][1])) == 0);
        CHECK(close(fd) == 0);
    }
    puts("ok");
}
