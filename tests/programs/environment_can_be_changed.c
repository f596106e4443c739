// setenv, putenv, unsetenv and clearenv change what children get.
#include "check.h"

int main(void) {
    CHECK(clearenv() == 0 && !getenv("PATH"));
    CHECK(setenv("ONE", "1", 1) == 0 && setenv("ONE", "2", 0) == 0);
    char word[] = "TWO=two";
    CHECK(putenv(word) == 0 && setenv("THREE", "", 1) == 0);
    CHECK(strcmp(getenv("ONE"), "1") == 0 && getenv("THREE")[0] == 0);
    word[4] = 'T';
    CHECK(strcmp(getenv("TWO"), "Two") == 0 && unsetenv("ONE") == 0);
    CHECK_FAILS(setenv("A=B", "x", 1), EINVAL);
    fflush(stdout);
    CHECK(system("echo \"[$ONE] [$TWO] [${THREE-unset}]\"") == 0);
}
