// Calendar functions give one answer for a fixed time, whatever the clock says.
#include "check.h"
#include <time.h>

int main(void) {
    CHECK(setenv("TZ", "EST5EDT,M3.2.0,M11.1.0", 1) == 0);
    tzset();
    time_t moment = 1234567890;
    char text[64];
    struct tm parts;
    CHECK(strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", gmtime_r(&moment, &parts)) == 19);
    puts(text);
    CHECK(strftime(text, sizeof text, "%a %b %e %H:%M:%S %Y %z", localtime_r(&moment, &parts)) > 0);
    puts(text);
    CHECK(mktime(&parts) == moment);
}
