umask 027
echo x >file
stat -c %a file
umask
chmod u+x,g-r file
stat -c %a file
ln -s file link
readlink link
readlink -f link | sed "s,$PWD/,,"
mkdir -m 711 folder
stat -c %a folder
rmdir folder
mkfifo pipe
cat pipe &
echo through >pipe
wait
touch -r file other
[ ! file -nt other ] && echo times
touch -a -d '2001-01-01 UTC' other
touch -m -d '2002-02-02 UTC' other
stat -c '%x %y' other
truncate -s 12345 big
stat -c %s big
install -m 600 file installed
id -u >/dev/null
whoami >/dev/null
groups >/dev/null
hostname >/dev/null
uname -s
nproc >/dev/null
tty
env -i A=1 B=2 env
nice -n 5 nice
timeout 5 true
echo $?
timeout 0.2 sleep 5
echo $?
