// A UNIX datagram server sees the sender's path and answers to it.
#include "check.h"
#include <sys/socket.h>
#include <sys/un.h>

int main(void) {
    struct sockaddr_un one = {.sun_family = AF_UNIX, .sun_path = "one"}, from = {0};
    struct sockaddr_un two = {.sun_family = AF_UNIX, .sun_path = "two"};
    int first = socket(AF_UNIX, SOCK_DGRAM, 0), second = socket(AF_UNIX, SOCK_DGRAM, 0);
    CHECK(bind(first, (struct sockaddr *)&one, sizeof one) == 0);
    CHECK(bind(second, (struct sockaddr *)&two, sizeof two) == 0);
    CHECK(sendto(first, "question", 8, 0, (struct sockaddr *)&two, sizeof two) == 8);
    char text[32] = "";
    socklen_t length = sizeof from;
    CHECK(recvfrom(second, text, sizeof text, 0, (struct sockaddr *)&from, &length) == 8);
    printf("%s from %s\n", text, from.sun_path);
    CHECK(sendto(second, "answer", 6, 0, (struct sockaddr *)&from, length) == 6);
    CHECK(recv(first, text, sizeof text, 0) == 6);
    printf("%.6s\n", text);
}
