mkdir -p tree/a/b/c tree/d
for name in one two three; do
    seq 1 500 >"tree/a/$name"
    seq 1 50 | sed "s/^/$name /" >"tree/a/b/c/$name.txt"
done
ln -s ../a/one tree/d/link
ln tree/a/two tree/d/hard
head -c 100000 /dev/zero >tree/d/zeros
chmod 640 tree/a/three
find tree -exec touch -h -d '2020-02-02 02:02:02 UTC' {} +
