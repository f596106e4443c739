. "${0%/*}/servers.sh"
url=http://127.0.0.1:$PORT

$MVX node server.js "$PORT" &
server=$!
await_port "$PORT"
for i in 1 2 3 4 5; do
    curl -s "$url/$i"
    curl -s -d "$(seq 1 100)" $url/post
done
finish TERM
