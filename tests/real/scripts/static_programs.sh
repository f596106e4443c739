./program x; echo $?; ./pie x; echo $?; ./glibc; echo $?
