sort lines >by_text
sort -n lines >by_number
sort -u -k3n lines
sort -m by_text by_text | md5sum
