// Writes of up to PIPE_BUF bytes by four processes into one pipe are never mixed.
#include "check.h"

enum { RECORD = 512, EACH = 20 };

int main(void) {
    int ends[2];
    CHECK(pipe(ends) == 0);
    pid_t children[4];
    for (int i = 0; i < 4; i++)
        if ((children[i] = fork()) == 0) {
            char record[RECORD];
            memset(record, 'a' + i, sizeof record);
            for (int n = 0; n < EACH; n++)
                CHECK(write(ends[1], record, RECORD) == RECORD);
            _exit(0);
        }
    CHECK(close(ends[1]) == 0);
    FILE *stream = fdopen(ends[0], "r");
    char record[RECORD];
    int counts[4] = {0};
    while (fread(record, RECORD, 1, stream) == 1) {
        for (int i = 1; i < RECORD; i++)
            CHECK(record[i] == record[0]);
        counts[record[0] - 'a']++;
    }
    for (int i = 0; i < 4; i++)
        CHECK(exit_code(children[i]) == 0);
    printf("%d %d %d %d\n", counts[0], counts[1], counts[2], counts[3]);
}
