. "$SCRIPTS/servers.sh"

$MVX /usr/bin/python3 web.py $PORT & server=$!
await_port $PORT
u=http://127.0.0.1:$PORT
for _ in 1 2 3 4 5; do curl -s $u/numbers | md5sum; curl -s -d abc $u/; echo; done
finish TERM
