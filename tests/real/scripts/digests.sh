md5sum lines >sums
sha256sum lines >>sums
sha512sum <lines
cksum lines
b2sum lines
md5sum -c <(head -n 1 sums)
