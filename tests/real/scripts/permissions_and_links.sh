umask 027; echo x >file; stat -c %a file
umask; chmod u+x,g-r file; stat -c %a file
ln -s file link; readlink link; readlink -f link | sed "s,$PWD/,,"
mkdir -m 711 folder; stat -c %a folder; rmdir folder
mkfifo pipe; cat pipe & echo through >pipe; wait
touch -r file other; [ ! file -nt other ] && echo times
truncate -s 12345 big; stat -c %s big; install -m 600 file installed
id -u >/dev/null; whoami >/dev/null; groups >/dev/null; hostname >/dev/null; uname -s; nproc >/dev/null; tty; echo $?
env -i A=1 B=2 env; nice -n 5 nice; timeout 5 true; echo $?; timeout 0.2 sleep 5; echo $?
