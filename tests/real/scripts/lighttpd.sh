. "${0%/*}/servers.sh"
url=http://127.0.0.1:$PORT
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
is_idle() { # no connection that it has not closed yet: it would end with status 1
    ! awk -v "port=:$(printf %04X "$PORT")\$" '$2 ~ port && ($4 == "01" || $4 == "08")' \
        /proc/net/tcp | grep .
}

$MVX lighttpd -D -f lighttpd.conf &
server=$!
await_port "$PORT"
for _ in 1 2 3 4 5; do curl -s $url/ $url/numbers | md5sum; done
curl -s -o /dev/null -w '%{http_code}\n' $url/missing
curl -s $url/zeros | md5sum
curl -s -I $url/index.html | tr -d '\r' | grep -v -e Date -e ETag
wrk -t 1 -c 8 -d 1 $url/numbers >wrk.txt
grep -c Requests/sec wrk.txt
grep -E 'Socket errors|Non-2xx' wrk.txt
until_ is_idle
finish TERM
