sqlite3 base.db 'pragma journal_mode = wal; create table t (n); insert into t values (1)'
sqlite3 base.db 'select * from t'
