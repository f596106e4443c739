. "${0%/*}/servers.sh"
as=
if [ "$(id -u)" = 0 ]; then as='-u root'; fi
answers() { # so many lines
    for _ in $(seq "$1"); do
        read -r -t 20 line <&3
        echo "${line%$'\r'}"
    done
}

$MVX memcached -l 127.0.0.1 -p "$PORT" -U 0 -t 2 $as $OPTIONS &
server=$!
await_port "$PORT"
exec 3<>"/dev/tcp/127.0.0.1/$PORT"
for i in $(seq 1 50); do
    printf 'set key%d 0 0 5\r\nval%02d\r\nget key%d\r\n' "$i" "$i" "$i" >&3
    answers 4
done | md5sum
printf 'incr none 1\r\n' >&3
answers 1
printf 'version\r\nquit\r\n' >&3
answers 1 | cut -d ' ' -f 1
exec 3>&-
clients=
for i in 1 2 3 4; do
    (
        exec 4<>"/dev/tcp/127.0.0.1/$PORT"
        printf 'get key%d\r\nquit\r\n' "$i" >&4
        tr -d '\r' <&4 >"answer.$i"
    ) &
    clients="$clients $!"
done
wait $clients
cat answer.?
finish TERM
