xz -k lines; xz -dc lines.xz | cmp - lines; xz -T2 --block-size=100000 -c lines >two.xz; xz -dc two.xz | md5sum; xz -T2 -dc two.xz | md5sum; xz -t two.xz; echo $?
