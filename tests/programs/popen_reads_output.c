// popen reads a shell command's output and pclose gives its exit status.
#include "check.h"

int main(void) {
    FILE *stream = popen("printf 'one\\ntwo\\n'; exit 3", "r");
    CHECK(stream);
    char line[16];
    while (fgets(line, sizeof line, stream))
        printf("read %s", line);
    CHECK(WEXITSTATUS(pclose(stream)) == 3);
    stream = popen("cat >file", "w");
    CHECK(stream && fputs("to the shell", stream) >= 0 && pclose(stream) == 0);
    char text[16] = "";
    CHECK(read(open("file", O_RDONLY), text, sizeof text) == 12);
    puts(text);
}
