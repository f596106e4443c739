head -c 100000 /dev/urandom >random
wc -c random
head -c 16 /dev/urandom | od -An -tx1 >shown
shuf -i 1-1000 >shuffled
sort -n shuffled | md5sum
for _ in $(seq 20); do mktemp -p . name.XXXXXX | tr -c '\n' x | wc -c; done
rm name.*
cat /proc/sys/kernel/random/uuid >uuid
wc -c uuid
