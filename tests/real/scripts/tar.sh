tar cf a.tar --sort=name tree
tar tvf a.tar --full-time --numeric-owner | awk '{ print $1, $3, $4, $6 }'
mkdir out
tar xf a.tar -C out
diff -r tree out/tree && echo same
stat -c '%n %Y %a' out/tree/a out/tree/d/link out/tree/d/zeros
tar czf a.tgz --sort=name tree
tar tzf a.tgz | wc -l
gzip -dc a.tgz | tar tf - | head -n 2
tar cJf a.txz --sort=name tree
tar xJOf a.txz tree/a/one | tail -n 1
tar cf - tree | (cd out && tar xf -)
echo $?
tar xf nothing.tar
echo $?
