yes | head -n 3
echo "${PIPESTATUS[*]}"
seq 1 100000 | head -n 1
echo "${PIPESTATUS[*]}"
sh -c 'echo a; sleep 0.1; echo b' | while read -r line; do echo "got $line"; done
mkfifo pipe
seq 1 20000 >pipe &
md5sum <pipe
wait
(
    trap '' PIPE
    sh -c 'seq 1 100000 2>/dev/null; echo $? >&2' | head -n 1
) 2>&1
timeout -s INT 0.2 sleep 3
echo $?
timeout 0.3 sh -c 'while :; do sleep 0.05; done'
echo $?
sh -c 'kill -STOP $$; echo continued' &
until grep -q '^State:.[Tt]' "/proc/$!/status"; do sleep 0.05; done
kill -CONT $!
wait
seq 1 8 | xargs -P 4 -I{} sh -c 'echo {} >x.{}'
cat x.? | sort -n | paste -sd,
setsid sh -c 'echo own session'
nohup true 2>/dev/null
(
    sleep 0.1
    echo late
) &
wait
sleep 0.3 &
tail -f x.1 --pid=$!
