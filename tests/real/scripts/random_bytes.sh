head -c 100000 /dev/urandom >random
head -c 16 /dev/urandom | od -An -tx1 >shown
shuf -i 1-1000 >shuffled; sort -n shuffled | md5sum
mktemp -p . name.XXXXXX | tr -c '\n' x | wc -c
wc -c random
cat /proc/sys/kernel/random/uuid >uuid; wc -c uuid
rm -f name.*
