# Children that save while the server serves, and a second server that reads what they saved.
. "${0%/*}/servers.sh"
start() {
    $MVX redis-server $OPTIONS --port "$PORT" --bind 127.0.0.1 --save '' --logfile log --dir . &
    server=$!
    await_port "$PORT"
    until_ is_loaded
}
is_loaded() { [ "$(redis-cli -p "$PORT" ping)" = PONG ]; }
persistence() { redis-cli -p "$PORT" info persistence | tr -d '\r' | grep -x "$1"; }

start
for i in $(seq 1 100); do echo "set k$i v$i"; done | redis-cli -p "$PORT" | sort | uniq -c
for kind in $SAVES; do
    redis-cli -p "$PORT" "$kind"
    until_ persistence rdb_bgsave_in_progress:0
    until_ persistence aof_rewrite_in_progress:0
    persistence rdb_last_bgsave_status:ok
    persistence aof_last_bgrewrite_status:ok
done
finish TERM
start
redis-cli -p "$PORT" dbsize
redis-cli -p "$PORT" get k50
finish TERM
