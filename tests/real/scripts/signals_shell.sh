# Background jobs that send signals to a shell that computes, waits or reads.
count=0
trap 'count=$((count + 1))' USR1
for round in $(seq 15); do
    before=$count
    (sleep 0.01; kill -USR1 $$) &
    if ((round % 2)); then
        while ((count == before)); do :; done
    fi
    until wait; do :; done
    while ((count == before)); do sleep 0.005; done
    ((count == before + 1)) || echo "$count after $before"
done
echo "$count"
ended=0
trap 'ended=$((ended + 1))' CHLD
for _ in $(seq 20); do /bin/true & done
wait
((ended)) && echo children
alarm=0
trap 'echo alarm; alarm=1' ALRM
(sleep 0.05; kill -ALRM $$) &
until ((alarm)); do for _ in 1 2 3; do :; done; done
trap 'echo terminated' TERM
kill -TERM $$
sleep 5 &
(sleep 0.05; kill -TERM $$) &
wait $!
kill %-
for _ in 1 2 3 4 5 6; do
    timeout -s INT 0.05 bash -c 'trap "exit 7" INT; while :; do :; done'
    echo $?
done
