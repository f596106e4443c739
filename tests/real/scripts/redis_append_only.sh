. "$SCRIPTS/servers.sh"
options='--jemalloc-bg-thread no'

start() { $MVX redis-server $options --port $PORT --bind 127.0.0.1 --save '' --appendonly yes --logfile log --dir . & server=$!; await_port $PORT; }
start
for i in $(seq 1 100); do echo "set k$i v$i"; done | redis-cli -p $PORT | sort | uniq -c
redis-cli -p $PORT bgrewriteaof; sleep 0.5
finish TERM
start
redis-cli -p $PORT dbsize; redis-cli -p $PORT get k50
finish TERM
