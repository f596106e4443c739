. "${0%/*}/servers.sh"
page() { printf 'GET /page HTTP/1.0\r\n\r\n'; }
client() { openssl s_client -connect "127.0.0.1:$PORT" -quiet 2>>log; }

$MVX openssl s_server -accept "127.0.0.1:$PORT" -key key.pem -cert certificate.pem -WWW \
    -quiet 2>>log &
server=$!
await_port "$PORT"
for _ in 1 2 3; do page | client | wc -c; done
page | $MVX openssl s_client -connect "127.0.0.1:$PORT" -quiet 2>>log | wc -c
finish TERM
