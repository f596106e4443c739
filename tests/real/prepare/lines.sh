# 20,000 lines that look random and are always the same.
awk 'BEGIN {
    x = 42
    for (i = 0; i < 20000; i++) {
        x = (x * 16807) % 2147483647
        print x, i, x % 97
    }
}' >lines
