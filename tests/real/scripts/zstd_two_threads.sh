zstd -q -T2 -B512K -5 many -o many.zst
zstd -q -dc many.zst | md5sum
