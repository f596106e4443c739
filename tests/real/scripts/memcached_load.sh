# Eight connections at once set, get, count and delete; every answer is checked.
. "${0%/*}/servers.sh"
as=
if [ "$(id -u)" = 0 ]; then as='-u root'; fi
$MVX memcached -l 127.0.0.1 -p "$PORT" -U 0 -t 4 $as &
server=$!
await_port "$PORT"
python3 memcached_load.py "$PORT" "$SECONDS_OF_LOAD"
finish TERM
