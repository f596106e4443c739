sort --parallel=2 many | md5sum
sort --parallel=2 -n -o sorted many
tail -n 2 sorted
