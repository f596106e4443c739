// OpenMP: tasks that make tasks, with dependencies and nested regions.
#include "seen.h"
#include <omp.h>

static int fibonacci(int n) {
    int a, b;
    if (n < 2)
        return n;
#pragma omp task shared(a) if (n > 4)
    a = fibonacci(n - 1);
#pragma omp task shared(b) if (n > 4)
    b = fibonacci(n - 2);
#pragma omp taskwait
    if (n > 6)
        note('a' + omp_get_thread_num());
    return a + b;
}

int main(void) {
    int result = 0, chain = 1;
    omp_set_num_threads(3);
#pragma omp parallel
#pragma omp single
    {
        result = fibonacci(11);
        for (int i = 0; i < 10; i++) {
#pragma omp task depend(inout : chain)
            chain = chain * 2 % 1009;
        }
    }
    CHECK(result == 89 && chain == 15);
#pragma omp parallel num_threads(2)
    {
        omp_lock_t *lock = malloc(sizeof *lock);
        omp_init_lock(lock);
#pragma omp parallel num_threads(2)
        {
            omp_set_lock(lock);
            note('A' + omp_get_thread_num());
            omp_unset_lock(lock);
        }
        omp_destroy_lock(lock);
        free(lock);
    }
    show_seen();
}
