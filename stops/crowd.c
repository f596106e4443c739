/*
 * Whether the machine is as crowded as it was: what src/mvx/waiting.py looks at again and again, so
 * that it has to run only when something has changed.
 *
 * Facts: the fourth field of /proc/loadavg starts with the number of tasks that run or want to
 * (proc_loadavg(5)); the caller is one of them.
 */
#include <fcntl.h>

#include "loop.h"

enum { CONTENT_SIZE = 64, FIELDS_BEFORE = 3 };

int crowd_has_changed(const struct stops *stops) {
    char content[CONTENT_SIZE];
    long file = call(__NR_open, (long)"/proc/loadavg", O_RDONLY | O_CLOEXEC, 0, 0);
    long size = file < 0 ? 0 : call(__NR_read, file, (long)content, sizeof content, 0);
    if (file >= 0) {
        call(__NR_close, file, 0, 0, 0);
    }
    long at = 0;
    for (int fields = 0; at < size && fields < FIELDS_BEFORE; at++) {
        fields += content[at] == ' ';
    }
    uint64_t running = 0;
    for (; at < size && content[at] >= '0' && content[at] <= '9'; at++) {
        running = 10 * running + (uint64_t)(content[at] - '0');
    }
    return size <= 0 || (running > 1 + stops->spinners + stops->processors) != stops->crowded;
}
