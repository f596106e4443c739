. "$SCRIPTS/servers.sh"

cat >lighttpd.conf <<STOP
server.document-root = "$PWD/web"
server.bind = "127.0.0.1"
server.port = $PORT
server.modules = ("mod_access", "mod_dirlisting", "mod_accesslog")
server.errorlog = "$PWD/error.log"
accesslog.filename = "$PWD/access.log"
index-file.names = ("index.html")
server.tag = "test"
STOP
$MVX lighttpd -D -f lighttpd.conf & server=$!
await_port $PORT; u=http://127.0.0.1:$PORT
for _ in 1 2 3 4 5; do curl -s $u/ $u/numbers | md5sum; done
curl -s -o /dev/null -w '%{http_code}\n' $u/missing; curl -s $u/zeros | md5sum
curl -s -I $u/index.html | tr -d '\r' | grep -v -e Date -e ETag
wrk -t 1 -c 8 -d 1 $u/numbers >wrk.txt; grep -c Requests/sec wrk.txt; grep -E 'Socket errors|Non-2xx' wrk.txt
finish TERM
