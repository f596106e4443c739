# The same program for musl, static and dynamic, and for glibc, static and static-pie.
musl-gcc -static -O1 -o musl_static static.c
musl-gcc -O1 -o musl_dynamic static.c
gcc -static -O1 -o glibc_static static.c
gcc -static-pie -O1 -o glibc_static_pie static.c
