// uname, gethostname, sysinfo and sysconf tell one consistent story.
#include "check.h"
#include <sys/sysinfo.h>
#include <sys/utsname.h>

int main(void) {
    struct utsname names;
    char host[256] = "";
    CHECK(uname(&names) == 0 && gethostname(host, sizeof host) == 0);
    CHECK(strcmp(names.nodename, host) == 0 && names.release[0] >= '3' && names.version[0]);
    struct sysinfo facts;
    CHECK(sysinfo(&facts) == 0 && facts.totalram > 0 && facts.freeram <= facts.totalram);
    CHECK(facts.uptime > 0 && facts.procs > 0 && facts.mem_unit > 0);
    CHECK(sysconf(_SC_PAGESIZE) == 4096 && sysconf(_SC_CLK_TCK) == 100);
    CHECK(sysconf(_SC_NPROCESSORS_ONLN) >= 1 && get_nprocs() >= 1);
    CHECK(sysconf(_SC_PHYS_PAGES) > sysconf(_SC_AVPHYS_PAGES));
    printf("%s %s\n", names.sysname, names.machine);
}
