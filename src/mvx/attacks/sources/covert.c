// T11: the variants' common clock is a channel: what the leader does takes time that all variants see.
//
// Each takes long at a bit of its own address that is one, and short else; all read the leader's clock, so all learn the
// leader's bits, and can write them out alike. `marker` gets the address, standard output the bits per second.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { BITS = 48, REPETITIONS = 3 };

static uint64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void turn(uint64_t turns) {
    for (volatile uint64_t i = 0; i < turns; i++)
        ;
}

static uint64_t time_of(uint64_t turns) {
    uint64_t start = now_ns();
    turn(turns);
    return now_ns() - start;
}

static int compare(const void *one, const void *other) {
    uint64_t a = *(const uint64_t *)one, b = *(const uint64_t *)other;
    return (a > b) - (a < b);
}

int main(void) {
    if (puts("ready") < 0 || fflush(stdout) || getchar() != '\n')
        return 1;
    uint64_t own = (uint64_t)(uintptr_t)main, seen = 0, turns = 200000;
    uint64_t calibration[5];
    for (int i = 0; i < 5; i++)
        calibration[i] = time_of(turns);
    qsort(calibration, 5, sizeof *calibration, compare);
    uint64_t threshold = calibration[2] / 2, start = now_ns();
    for (int bit = 0; bit < BITS; bit++) {
        uint64_t taken[REPETITIONS];
        for (int i = 0; i < REPETITIONS; i++)
            taken[i] = time_of(own >> bit & 1 ? turns : turns / 50);
        qsort(taken, REPETITIONS, sizeof *taken, compare);
        if (taken[REPETITIONS / 2] > threshold)
            seen |= 1ULL << bit;
    }
    uint64_t rate = BITS * 1000000000ULL / (now_ns() - start);
    FILE *file = fopen("marker", "w");
    if (file == NULL || fprintf(file, "%#lx\n", seen) < 0 || fclose(file))
        return 1;
    printf("%lu\n", rate);
    return 0;
}
