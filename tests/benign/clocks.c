// The time by every way that there is, as often as it can be asked for.
#include <stdio.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/times.h>
#include <time.h>
#include <unistd.h>
#include <x86intrin.h>

int main(void) {
    for (int i = 0; i < 100; i++) {
        struct timeval now;
        gettimeofday(&now, NULL);
        struct tms ticks;
        clock_t since = times(&ticks);
        printf("~ %ld.%06ld %ld %llu\n", now.tv_sec, now.tv_usec, since, (unsigned long long)__rdtsc());
        for (int clock = 0; clock < 12; clock++) {
            struct timespec time = {0, 0}, resolution = {0, 0};
            if (!clock_gettime(clock, &time) && !clock_getres(clock, &resolution))
                printf("~ %d %ld.%09ld %ld\n", clock, time.tv_sec, time.tv_nsec, resolution.tv_nsec);
        }
    }
    time_t seconds = time(NULL);
    char text[100];
    strftime(text, sizeof text, "%c %Z", localtime(&seconds));
    printf("~ %s %ld\n", text, clock());
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("~ %ld %ld %ld %ld\n", usage.ru_utime.tv_usec, usage.ru_stime.tv_usec, usage.ru_minflt, usage.ru_nvcsw);
    for (int i = 0; i < 5; i++) {
        unsigned auxiliary;
        printf("~ %llu\n", (unsigned long long)__rdtscp(&auxiliary));
        usleep(1000);
    }
    return 0;
}
