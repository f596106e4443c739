// Floating-point results and their decimal form are the same in every run.
#include "check.h"

int main(void) {
    volatile double third = 1.0 / 3, sum = 0;
    for (int i = 1; i <= 1000; i++)
        sum = sum + 1.0 / i;
    printf("%.17g %.17g %a\n", third, sum, third);
    volatile float single = 16777216.0f;
    printf("%.1f %g %g\n", (double)(single + 1.0f), strtod("1e308", NULL) * 10, -0.0);
    volatile long double wide = 1.0L;
    printf("%.20Lg\n", wide / 3);
}
