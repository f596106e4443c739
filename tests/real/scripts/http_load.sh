# A web server, $SERVER, under the load of eight connections; every answer is checked by its length.
. "${0%/*}/servers.sh"
$MVX $SERVER "$PORT" >server.log 2>&1 &
server=$!
await_port "$PORT"
url=http://127.0.0.1:$PORT
for i in 1 2 3; do curl -s "$url/$i"; done
wrk -t 1 -c 8 -d "$SECONDS_OF_LOAD" "$url/path" >wrk.txt
grep -c Requests/sec wrk.txt
grep -E 'Socket errors|Non-2xx' wrk.txt
curl -s "$url/last"
finish TERM
cat server.log
