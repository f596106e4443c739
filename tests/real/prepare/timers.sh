gcc -O1 -o timers timers.c
rm timers.c
