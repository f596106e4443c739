// getifaddrs lists 127.0.0.1; a numeric address needs no name server.
#include "check.h"
#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netdb.h>

int main(void) {
    struct ifaddrs *list;
    bool found = false;
    CHECK(getifaddrs(&list) == 0);
    for (struct ifaddrs *at = list; at; at = at->ifa_next)
        if (at->ifa_addr && at->ifa_addr->sa_family == AF_INET)
            found |= ((struct sockaddr_in *)at->ifa_addr)->sin_addr.s_addr == htonl(0x7f000001);
    freeifaddrs(list);
    CHECK(found);
    struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
                             .ai_socktype = SOCK_STREAM},
                    *result;
    CHECK(getaddrinfo("127.0.0.1", "80", &hints, &result) == 0 && result->ai_family == AF_INET);
    char text[64];
    CHECK(inet_ntop(AF_INET, &((struct sockaddr_in *)result->ai_addr)->sin_addr, text, 64));
    freeaddrinfo(result);
    puts(text);
}
