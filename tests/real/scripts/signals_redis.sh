# Saved by children again and again while clients load it.
. "${0%/*}/servers.sh"
$MVX redis-server --jemalloc-bg-thread no --port "$PORT" --bind 127.0.0.1 --save '' --logfile log --dir . &
server=$!
await_port "$PORT"
redis-benchmark -p "$PORT" -n 4000 -c 8 -r 500 -t set,get,lpush -q >bench.txt &
load=$!
saved() { redis-cli -p "$PORT" info persistence | tr -d '\r' | grep -x rdb_bgsave_in_progress:0; }
for _ in 1 2 3 4 5 6; do
    redis-cli -p "$PORT" bgsave
    until_ saved
done
wait "$load"
tr '\r' '\n' <bench.txt | grep -c 'requests per second'
redis-cli -p "$PORT" set key value
redis-cli -p "$PORT" get key
finish TERM
