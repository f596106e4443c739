. "$SCRIPTS/servers.sh"
options='--jemalloc-bg-thread no'

$MVX redis-server $options --port $PORT --bind 127.0.0.1 --save '' --appendonly no --logfile log --dir . & server=$!
await_port $PORT
redis-benchmark -p $PORT -n 2000 -c 20 -t ping,set,get,incr,lpush,mset -q | tr '\r' '\n' | grep -c 'requests per second, p50'
redis-benchmark -p $PORT -n 5000 -c 5 -P 16 -t set,get -q | tr '\r' '\n' | grep -c 'requests per second, p50'
redis-cli -p $PORT get counter:__rand_int__ >counter; redis-cli -p $PORT bgsave; sleep 0.5; redis-cli -p $PORT ping
finish TERM
