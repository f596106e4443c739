zstd -q -k lines
zstd -dc lines.zst | cmp - lines
zstd -q -T2 -B100000 -c lines >two.zst
zstd -q -dc two.zst | md5sum
zstd -q --single-thread -c lines | md5sum
zstd -q -t two.zst
echo $?
zstd -q -19 lines -o best.zst
