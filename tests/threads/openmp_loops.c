// OpenMP: loops with every kind of schedule, reductions, critical sections, ordered output.
#include "seen.h"
#include <omp.h>

int main(void) {
    long sum = 0;
    int dynamic[40], guided[40], critical = 0;
    omp_set_num_threads(4);
#pragma omp parallel for reduction(+ : sum)
    for (int i = 0; i < 1000; i++)
        sum += i;
    CHECK(sum == 499500);
#pragma omp parallel for schedule(dynamic)
    for (int i = 0; i < 40; i++) {
        dynamic[i] = omp_get_thread_num();
        if (i % 10 == 0)
            usleep(50);
    }
#pragma omp parallel for schedule(guided)
    for (int i = 0; i < 40; i++)
        guided[i] = omp_get_thread_num();
#pragma omp parallel
    {
        for (int i = 0; i < 10; i++) {
#pragma omp critical
            {
                critical++;
                note('a' + omp_get_thread_num());
            }
        }
#pragma omp barrier
#pragma omp single
        note('A' + omp_get_thread_num());
    }
    CHECK(critical == 40 && seen_count == 41);
#pragma omp parallel for ordered
    for (int i = 0; i < 12; i++) {
#pragma omp ordered
        printf("%d:%d ", i, omp_get_thread_num());
    }
    printf("\n");
    for (int i = 0; i < 40; i++)
        printf("%d%d ", dynamic[i], guided[i]);
    printf("\n");
    show_seen();
}
