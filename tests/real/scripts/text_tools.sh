tee one two <lines | wc
tee -a one </dev/null
split -l 3000 lines part.
split -b 50000 --numeric-suffixes lines bytes.
head -n 5 lines
tail -n 5 lines
tail -c 20 lines
cut -d ' ' -f 3 lines | sort -n | uniq -c | sort -rn | head -n 3
tr 0-9 a-j <lines | tail -n 1
paste -d, <(head -n 3 lines) <(tail -n 3 lines)
nl lines | sed -n '100,102p'
comm -12 <(head -n 100 lines | sort) <(head -n 50 lines | sort) | wc -l
grep -c '^1' lines
grep -n 77 lines | head -n 2
fold -w 20 lines | head -n 3
rev lines | tail -n 1
tac lines | head -n 1
printf '%s\n' b a c | sort | paste -sd+
expr 6 '*' 7
seq -s ' ' 1 10
basename /a/b.c .c
dirname /a/b.c
od -A d -t x1z <<<hello
base64 <<<hello
