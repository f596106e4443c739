gzip -k lines
gzip -l lines.gz
gunzip -c lines.gz | cmp - lines
gzip -9 <lines | gzip -d | md5sum
zcat lines.gz | wc
gzip -t lines.gz
echo $?
gzip lines
echo $?
