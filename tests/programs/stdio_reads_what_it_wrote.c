// Buffered streams: print, seek, read lines, unget, append, end of file.
#include "check.h"

int main(void) {
    FILE *stream = fopen("file", "w+");
    CHECK(stream);
    for (int i = 0; i < 1000; i++)
        CHECK(fprintf(stream, "line %d\n", i) > 0);
    CHECK(fseek(stream, 0, SEEK_SET) == 0);
    char *line = NULL;
    size_t room = 0;
    int count = 0;
    while (getline(&line, &room, stream) > 0) {
        int number;
        CHECK(sscanf(line, "line %d", &number) == 1 && number == count);
        count++;
    }
    CHECK(count == 1000 && feof(stream) && !ferror(stream));
    CHECK(ftell(stream) == 8890);
    rewind(stream);
    CHECK(getc(stream) == 'l' && ungetc('X', stream) == 'X' && getc(stream) == 'X');
    CHECK(fclose(stream) == 0);
    free(line);
    printf("%d lines\n", count);
}
