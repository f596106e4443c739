cp -r tree plain
cp -a tree exact
cp -rl tree linked
find exact | sort
find exact -type f -size +1k -newermt 2019-01-01 -printf '%p %s %m %y %n\n' | sort
find plain -name '*.txt' -exec wc -l {} + | sort
find plain -name '*.txt' -print0 | sort -z | xargs -0 -n 1 -P 1 md5sum
find tree linked -samefile tree/a/one | sort
diff -r tree exact && echo same
mv plain moved
rm -r moved linked
