awk 'BEGIN {
    x = 42
    for (i = 0; i < 2000000; i++) {
        x = (x * 16807) % 2147483647
        print x, i % 20000
    }
}' >many
