"""The database of the standard library."""

import sqlite3

base = sqlite3.connect("base.db")
base.execute("create table t (n integer primary key, text)")
with base:
    base.executemany("insert into t values (?, ?)", ((n, f"row {n}") for n in range(5000)))
print(base.execute("select count(*), sum(n) from t").fetchone())
base.close()
