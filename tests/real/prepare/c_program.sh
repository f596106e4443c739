# A C program of 2,400 lines.
awk 'BEGIN {
    print "#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>"
    for (i = 0; i < 240; i++) {
        printf "\nstatic int table_%d[] = {%d, %d, %d};\n", i, i, i * 7 % 31, i * i
        printf "__attribute__((noinline)) int function_%d(int x)\n{\n    int sum = %d;\n", i, i
        print "    for (int k = 0; k < 3; k++)"
        printf "        sum += table_%d[k] * (x + k);\n    return sum;\n}\n", i
    }
    print "\nint main(void)\n{\n    long total = 0;"
    for (i = 0; i < 240; i++) printf "    total += function_%d(%d);\n", i, i
    print "    printf(\"%ld\\n\", total);\n    return total % 100;\n}"
}' >generated.c
