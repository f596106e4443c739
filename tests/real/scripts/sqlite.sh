{
    echo 'create table t (n integer primary key, word text, x real);'
    echo 'begin;'
    seq 1 10000 | sed "s/.*/insert into t values (&, 'word &', & * 1.5);/"
    echo 'commit;'
    echo 'select count(*), sum(n), max(x) from t;'
    echo 'create index i on t (word);'
    echo "select n from t where word = 'word 77';"
    echo 'delete from t where n % 3 = 0;'
    echo 'vacuum;'
    echo 'pragma integrity_check;'
} >commands
sqlite3 base.db <commands
for i in 1 2 3 4 5; do
    sqlite3 base.db "insert into t (word) values ('single $i')"
done
sqlite3 base.db 'select count(*) from t' .dump | md5sum
sqlite3 :memory: 'select hex(randomblob(4)) <> hex(randomblob(4))'
