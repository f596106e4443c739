# A server with a thread for each client and several of its own; the clients' changes do not depend on their order.
# The socket is named from the data's folder: the name of a socket has 107 bytes at most.
. "${0%/*}/servers.sh"
as=
if [ "$(id -u)" = 0 ]; then as=--user=root; fi
query() { mysql --no-defaults --socket=data/socket --user=root --skip-column-names test -e "$1"; }

$MVX mysqld --no-defaults $as --datadir="$PWD/data" --socket=socket --skip-networking --pid-file="$PWD/pid" \
    >log 2>&1 &
server=$!
until_ query 'select 1' >answered
query 'create table t (a int primary key, b varchar(200)); insert into t select seq, md5(seq) from seq_1_to_1000'
clients=
for client in 0 1 2; do
    for round in 1 2 3; do
        query "update t set b = concat(b, '$round') where a % 3 = $client; select count(*) from t where a % 3 = $client"
    done >"answer.$client" &
    clients="$clients $!"
done
wait $clients
cat answer.?
query 'select count(*), sum(crc32(b)) from t'
finish TERM
