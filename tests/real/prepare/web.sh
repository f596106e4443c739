# A small website.
mkdir web
seq 1 5000 >web/numbers
echo '<h1>hello</h1>' >web/index.html
head -c 700000 /dev/zero >web/zeros
find web -exec touch -d '2020-02-02 UTC' {} +
