xz -T1 -k lines
xz -dc lines.xz | cmp - lines
xz -T1 --block-size=100000 -c lines >blocks.xz
xz -dc blocks.xz | md5sum
xz -t blocks.xz
echo $?
