date -u -d @86400
date -u -d '2024-02-29 +1 year' +%F
year=$(date +%Y)
[ "$year" -ge 2025 ] && echo this year
before=$(date +%s%N)
sleep 0.05
after=$(date +%s%N)
[ $((after - before)) -ge 50000000 ] && echo later
date +%s.%N >stamp
touch -d '2001-01-01 UTC' old
stat -c %y old
TZ=Europe/Paris date -d @1700000000
{ time true; } 2>&1 | grep -c real
