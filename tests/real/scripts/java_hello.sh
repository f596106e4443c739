# Without its performance data, which are a file that is mapped shared and writable (docs/limits.md).
java -XX:-UsePerfData -cp . "${CLASS:-Hello}"
