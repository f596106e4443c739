. "$SCRIPTS/servers.sh"

$MVX node server.js $PORT & server=$!
await_port $PORT
for i in 1 2 3 4 5; do curl -s http://127.0.0.1:$PORT/$i; curl -s -d "$(seq 1 100)" http://127.0.0.1:$PORT/post; done
finish TERM
