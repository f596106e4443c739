. "$SCRIPTS/servers.sh"

openssl s_server -accept 127.0.0.1:$PORT -key key.pem -cert certificate.pem -WWW -quiet 2>log & server=$!
await_port $PORT
printf 'GET /page HTTP/1.0\r\n\r\n' | openssl s_client -connect 127.0.0.1:$PORT -quiet 2>/dev/null | wc -c
finish TERM
