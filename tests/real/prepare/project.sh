# A program in nine files, and its Makefile.
mkdir project
mv Makefile project
cd project
parts=$(seq 1 8)
for i in $parts; do
    echo "int part_$i(int x) { return x * $i + 1; }" >"part_$i.c"
done
{
    echo '#include <stdio.h>'
    for i in $parts; do echo "int part_$i(int);"; done
    echo 'int main(void) {'
    echo 'int x = 1;'
    for i in $parts; do echo "x = part_$i(x);"; done
    echo 'printf("%d\n", x);'
    echo 'return 0; }'
} >main.c
