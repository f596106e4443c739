. "${0%/*}/servers.sh"
benchmark() { # how many tests it did
    redis-benchmark -p "$PORT" -q "$@" | tr '\r' '\n' | grep -c 'requests per second, p50'
}

$MVX redis-server $OPTIONS --port "$PORT" --bind 127.0.0.1 --save '' --logfile log --dir . &
server=$!
await_port "$PORT"
benchmark -n 2000 -c 20 -t ping,set,get,incr,lpush,mset
benchmark -n 5000 -c 5 -P 16 -t set,get
redis-cli -p "$PORT" get counter:__rand_int__
finish TERM
