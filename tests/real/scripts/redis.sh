. "${0%/*}/servers.sh"
r() { redis-cli -p "$PORT" "$@"; }

$MVX redis-server $OPTIONS --port "$PORT" --bind 127.0.0.1 --save '' --logfile log --dir . &
server=$!
await_port "$PORT"
r set key value
r get key
r incr counter
r lpush list a b c
r lrange list 0 -1
r hset h f 1 g 2
r hgetall h | sort
for i in $(seq 1 200); do echo "set k$i v$i"; done | r --pipe | tail -n 1
r dbsize
r get k77
r info server | grep -c redis_version
r expire k1 100
r exists k1 k2 nothing
r eval 'return redis.call("get", KEYS[1])' 1 key
r multi
r save
r config get port | head -n 1
finish TERM
