wc -l generated.c
gcc -O1 -Wall -o program generated.c
./program
echo $?
gcc -O0 -c -o object.o generated.c
size object.o
gcc -O1 -pipe -static -o static generated.c
./static
echo $?
gcc -c nothing.c
echo $?
