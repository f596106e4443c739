. "$SCRIPTS/servers.sh"

python3 web.py $PORT & server=$!
await_port $PORT
u=http://127.0.0.1:$PORT
$MVX curl -s $u/ ; $MVX curl -s $u/numbers | md5sum; $MVX curl -s -o zeros $u/zeros; cmp zeros web/zeros
$MVX curl -s -d 'some text' $u/; echo
$MVX curl -s -i $u/index.html | tr -d '\r'
$MVX curl -s -f $u/missing; echo "status $?"
$MVX curl -s $u/index.html $u/numbers $u/ | wc
$MVX curl -s http://127.0.0.1:1/; echo "status $?"
$MVX curl -s --limit-rate 2M $u/zeros | wc -c
$MVX curl -s -w '%{http_code} %{size_download}\n' -o /dev/null http://localhost:$PORT/numbers
finish TERM
