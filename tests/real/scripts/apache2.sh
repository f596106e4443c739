# One process of several threads for every connection's work, as Debian configures it.
. "${0%/*}/servers.sh"
modules=/usr/lib/apache2/modules
user=
if [ "$(id -u)" = 0 ]; then user='User nobody
Group nogroup'; fi
cat >httpd.conf <<STOP
ServerRoot $PWD
ServerName localhost
Listen 127.0.0.1:$PORT
PidFile httpd.pid
DefaultRuntimeDir $PWD
ErrorLog error.log
DocumentRoot $PWD/web
LoadModule mpm_event_module $modules/mod_mpm_event.so
LoadModule authz_core_module $modules/mod_authz_core.so
LoadModule dir_module $modules/mod_dir.so
Mutex fcntl
MaxKeepAliveRequests 0
StartServers 1
ServerLimit 2
ThreadsPerChild 8
MaxRequestWorkers 16
MinSpareThreads 1
MaxSpareThreads 16
$user
<Directory $PWD>
Require all granted
</Directory>
STOP
$MVX apache2 -D FOREGROUND -f "$PWD/httpd.conf" &
server=$!
await_port "$PORT"
url=http://127.0.0.1:$PORT
curl -s "$url/"
curl -s "$url/numbers" | md5sum
wrk -t 1 -c 8 -d "$SECONDS_OF_LOAD" "$url/numbers" >wrk.txt
grep -c Requests/sec wrk.txt
grep Non-2xx wrk.txt
curl -s -I "$url/zeros" | tr -d '\r' | grep Length
finish TERM
