// Bytes of a socket address that nobody looks at may hold anything.
#include "check.h"
#include <arpa/inet.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <sys/socket.h>

int main(void) {
    int own; // its address differs between variants
    uintptr_t bits = (uintptr_t)&own >> 4;
    struct sockaddr_nl group = {.nl_family = AF_NETLINK, .nl_pad = (unsigned short)bits};
    int routes = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
    CHECK(routes >= 0 && bind(routes, (struct sockaddr *)&group, sizeof group) == 0);
    struct {
        struct nlmsghdr head;
        struct rtgenmsg body;
    } ask = {{sizeof ask, RTM_GETLINK, NLM_F_REQUEST | NLM_F_DUMP, 1, 0}, {AF_UNSPEC}};
    CHECK(sendto(routes, &ask, sizeof ask, 0, (struct sockaddr *)&group, sizeof group) == sizeof ask);
    struct iovec part = {&ask, sizeof ask};
    struct msghdr message = {.msg_name = &group, .msg_namelen = sizeof group, .msg_iov = &part, .msg_iovlen = 1};
    char answer[16384];
    CHECK(recv(routes, answer, sizeof answer, 0) > 0);

    struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    memcpy(here.sin_zero, &bits, sizeof here.sin_zero);
    int internet = socket(AF_INET, SOCK_DGRAM, 0);
    CHECK(bind(internet, (struct sockaddr *)&here, sizeof here) == 0);
    int other = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
    CHECK(other >= 0 && sendmsg(other, &message, 0) == sizeof ask);
    puts("ok");
}
