cd project
make $OPTIONS check
make $OPTIONS
make clean
ls
make $OPTIONS -s
./program
touch main.c
make $OPTIONS
make -q
echo $?
make nothing
echo $?
