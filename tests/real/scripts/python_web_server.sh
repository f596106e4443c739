. "${0%/*}/servers.sh"
url=http://127.0.0.1:$PORT

$MVX /usr/bin/python3 web.py "$PORT" &
server=$!
await_port "$PORT"
for _ in 1 2 3 4 5; do
    curl -s $url/numbers | md5sum
    curl -s -d abc $url/
    echo
done
finish TERM
