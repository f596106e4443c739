// Random numbers by every way but the processor's own instruction, and numbers that only look random.
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

static void seed_of_pointers(void) {
    // As bash and others do: low bits of addresses, mixed with the time and the process number.
    static int here;
    int *there = malloc(16);
    uint32_t seed = (uint32_t)(uintptr_t)&here ^ (uint32_t)(uintptr_t)there ^ (uint32_t)(uintptr_t)seed_of_pointers;
    srand(seed ^ (uint32_t)time(NULL) ^ (uint32_t)getpid());
    for (int i = 0; i < 10; i++)
        printf("~ %d\n", rand());
}

int main(void) {
    unsigned char bytes[16];
    for (int i = 0; i < 10; i++) {
        if (getrandom(bytes, sizeof bytes, i % 2 ? GRND_NONBLOCK : 0) != sizeof bytes || getentropy(bytes, 8))
            return 1;
        printf("~ %02x%02x %u %u\n", bytes[0], bytes[15], arc4random(), arc4random_uniform(1000));
    }
    FILE *device = fopen("/dev/urandom", "rb");
    if (!device || fread(bytes, 1, sizeof bytes, device) != sizeof bytes)
        return 1;
    printf("~ %02x%02x\n", bytes[0], bytes[15]);
    FILE *identifier = fopen("/proc/sys/kernel/random/uuid", "r");
    char text[64] = "";
    if (identifier && fgets(text, sizeof text, identifier))
        printf("~ %s", text);
    seed_of_pointers();
    return 0;
}
