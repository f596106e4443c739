. "${0%/*}/servers.sh"
url=http://127.0.0.1:$PORT
user=
if [ "$(id -u)" = 0 ]; then user='user root;'; fi
cat >nginx.conf <<STOP
$user $PROCESSES
pid nginx.pid;
error_log error.log notice;
events { worker_connections 64; }
http {
    access_log access.log;
    server_tokens off;
    client_body_temp_path t1;
    proxy_temp_path t2;
    fastcgi_temp_path t3;
    uwsgi_temp_path t4;
    scgi_temp_path t5;
    server {
        listen 127.0.0.1:$PORT;
        root web;
        location /echo { return 200 "echo \$request_uri\n"; }
    }
    server {
        listen 127.0.0.1:$PORT2;
        location / { proxy_pass http://127.0.0.1:$PORT; }
    }
}
STOP
command=(nginx -p "$PWD" -e error.log -c nginx.conf)
workers_started() { [ "$(grep -c 'start worker process [0-9]' error.log)" -ge "$1" ]; }

if [[ $PROCESSES == *daemon\ off* ]]; then
    $MVX "${command[@]}" &
    server=$!
else
    "${command[@]}"
    echo "started $?"
fi
await_port "$PORT"
for _ in 1 2 3; do curl -s $url/ $url/numbers | md5sum; done
curl -s -H 'Host: x' $url/echo/1
curl -s -o /dev/null -w '%{http_code}\n' $url/missing
curl -s -r 10-20 $url/numbers
curl -s -I $url/index.html | tr -d '\r' | grep -v Date
curl -s $url/zeros | md5sum
curl -s "http://127.0.0.1:$PORT2/numbers" | md5sum
if [[ $PROCESSES == *master_process\ off* ]]; then
    finish QUIT
    exit
fi
wrk -t 1 -c 8 -d 1 $url/numbers >wrk.txt
grep -c Requests/sec wrk.txt
grep -E 'Socket errors|Non-2xx' wrk.txt
if [[ -n $server ]]; then
    kill -HUP "$server"
else
    "${command[@]}" -s reload
fi
until_ workers_started 4
curl -s $url/echo/2
if [[ -n $server ]]; then
    mv access.log access.old
    kill -USR1 "$server"
    until_ test -e access.log
    curl -s $url/echo/3
    finish QUIT
else
    "${command[@]}" -s quit
    until_ test ! -e nginx.pid
fi
