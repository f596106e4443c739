// A pipeline of a shell and three commands gives its answer through one pipe.
#include "check.h"

int main(void) {
    FILE *stream = popen("for i in 3 1 2 3; do echo $i; done | sort | uniq -c | tr -s ' '", "r");
    CHECK(stream);
    char line[32];
    while (fgets(line, sizeof line, stream))
        fputs(line, stdout);
    CHECK(pclose(stream) == 0);
}
