ls -l --time-style=full-iso tree tree/a tree/d
ls -laR tree | sed -E '/ \.\.?$/d'
ls -l /usr/bin | wc -l
ls /proc/self/fd >/dev/null && echo descriptors
du -a --apparent-size tree | sort -k2
du -sb /usr/include >/dev/null && echo usage
df . >/dev/null && echo space
stat -c '%n %s %a %F %h' tree/a/*
stat -c %i tree/a/one | grep -c .
ls --color=always tree/a
ls nothing
echo "status $?"
