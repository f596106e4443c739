// A netlink dump of the links contains the loopback interface.
#include "check.h"
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/socket.h>

int main(void) {
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
    CHECK(fd >= 0 && bind(fd, (struct sockaddr *)&kernel, sizeof kernel) == 0);
    struct {
        struct nlmsghdr header;
        struct ifinfomsg body;
    } request = {{sizeof request, RTM_GETLINK, NLM_F_REQUEST | NLM_F_DUMP, 1, 0}, {0}};
    CHECK(sendto(fd, &request, sizeof request, 0, (struct sockaddr *)&kernel, sizeof kernel) ==
          sizeof request);
    static char buffer[65536] __attribute__((aligned(8)));
    for (bool done = false, found = false; !done;) {
        ssize_t count = recv(fd, buffer, sizeof buffer, 0);
        CHECK(count > 0);
        unsigned left = (unsigned)count;
        for (struct nlmsghdr *at = (void *)buffer; NLMSG_OK(at, left); at = NLMSG_NEXT(at, left)) {
            CHECK(at->nlmsg_seq == 1 && at->nlmsg_type != NLMSG_ERROR);
            done |= at->nlmsg_type == NLMSG_DONE;
            struct ifinfomsg *link = NLMSG_DATA(at);
            found |= !done && (link->ifi_flags & IFF_LOOPBACK);
        }
        CHECK(!done || found);
    }
    CHECK(if_nametoindex("lo") > 0);
    puts("ok");
}
