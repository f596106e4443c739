# The client runs under mvx, the server does not.
. "${0%/*}/servers.sh"
url=http://127.0.0.1:$PORT
get() { $MVX curl -s "$@"; }

python3 web.py "$PORT" &
server=$!
await_port "$PORT"
get $url/
get $url/numbers | md5sum
get -o zeros $url/zeros
cmp zeros web/zeros
get -d 'some text' $url/
echo
get -i $url/index.html | tr -d '\r'
get -f $url/missing
echo "status $?"
get $url/index.html $url/numbers $url/ | wc
get http://127.0.0.1:1/
echo "status $?"
get --limit-rate 2M $url/zeros | wc -c
get -w '%{http_code} %{size_download}\n' -o /dev/null "http://localhost:$PORT/numbers"
finish TERM
