pigz -n -p 3 -b 128 -k many
pigz -d -c many.gz | md5sum
