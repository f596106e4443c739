xz -T2 --block-size=100000 -c lines >two.xz
xz -T2 -dc two.xz | md5sum
