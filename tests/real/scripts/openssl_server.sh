. "$SCRIPTS/servers.sh"

$MVX openssl s_server -accept 127.0.0.1:$PORT -key key.pem -cert certificate.pem -WWW -quiet 2>log & server=$!
await_port $PORT
for _ in 1 2 3; do
    printf 'GET /page HTTP/1.0\r\n\r\n' | openssl s_client -connect 127.0.0.1:$PORT -quiet 2>/dev/null | wc -c
done
printf 'GET /page HTTP/1.0\r\n\r\n' | $MVX openssl s_client -connect 127.0.0.1:$PORT -quiet 2>/dev/null | wc -c
finish TERM
