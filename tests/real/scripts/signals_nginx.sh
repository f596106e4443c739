# Reloaded again and again while clients load it.
. "${0%/*}/servers.sh"
user=
if [ "$(id -u)" = 0 ]; then user='user root;'; fi
cat >nginx.conf <<STOP
$user daemon off; worker_processes 2;
pid nginx.pid;
error_log error.log notice;
events { worker_connections 64; }
http {
    access_log off;
    client_body_temp_path t1;
    proxy_temp_path t2;
    fastcgi_temp_path t3;
    uwsgi_temp_path t4;
    scgi_temp_path t5;
    server { listen 127.0.0.1:$PORT; root web; }
}
STOP
$MVX nginx -p "$PWD" -e error.log -c nginx.conf &
server=$!
await_port "$PORT"
until_ test -s nginx.pid
started() { [ "$(grep -c 'start worker process [0-9]' error.log)" -ge "$1" ]; }
wrk -t 1 -c 8 -d 2 "http://127.0.0.1:$PORT/numbers" >wrk.txt &
load=$!
for round in 1 2 3 4 5 6; do
    nginx -p "$PWD" -e error.log -c nginx.conf -s reload
    until_ started $((2 + 2 * round))
done
wait "$load"
grep -c Requests/sec wrk.txt
grep Non-2xx wrk.txt
curl -s "http://127.0.0.1:$PORT/numbers" | md5sum
finish QUIT
