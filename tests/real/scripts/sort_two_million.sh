sort --parallel=2 -S 40M -o sorted many
md5sum <sorted
