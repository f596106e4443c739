. "$SCRIPTS/servers.sh"

cat >nginx.conf <<STOP
worker_processes 2; daemon off; pid nginx.pid; error_log error.log;
events { worker_connections 64; }
http {
    access_log access.log; server_tokens off;
    client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3; uwsgi_temp_path t4; scgi_temp_path t5;
    server { listen 127.0.0.1:$PORT; root web; location /echo { return 200 "echo \$request_uri\n"; } }
    server { listen 127.0.0.1:$PORT2; location / { proxy_pass http://127.0.0.1:$PORT; } }
}
STOP
[ "$(id -u)" = 0 ] && sed -i '1i user root;' nginx.conf

$MVX nginx -p "$PWD" -e error.log -c nginx.conf & server=$!
await_port $PORT; u=http://127.0.0.1:$PORT

for _ in 1 2 3; do curl -s $u/ $u/numbers | md5sum; done
curl -s -H 'Host: x' $u/echo/1; curl -s -o /dev/null -w '%{http_code}\n' $u/missing
curl -s -r 10-20 $u/numbers; curl -s -I $u/index.html | tr -d '\r' | grep -v Date
curl -s $u/zeros | md5sum; curl -s http://127.0.0.1:$PORT2/numbers | md5sum

wrk -t 1 -c 8 -d 1 $u/numbers >wrk.txt; grep -c Requests/sec wrk.txt; grep -E 'Socket errors|Non-2xx' wrk.txt
kill -HUP $server; sleep 1; curl -s $u/echo/2; kill -USR1 $server; sleep 0.3; curl -s $u/echo/3
finish QUIT
