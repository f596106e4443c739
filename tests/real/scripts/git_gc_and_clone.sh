. "${0%/*}/git_environment.sh"
git init -q -b main project
cd project
for i in $(seq 1 200); do seq $i $((i + 200)) >file.$i; done
git add .
git commit -q -m first
for i in $(seq 1 20); do seq $i 900 >file.$i; done
git commit -q -a -m second
git -c pack.threads=3 -c gc.pruneExpire=now gc -q --aggressive
git count-objects -v | grep -v size
cd ..
git clone -q --no-local project copy
git -C copy -c index.threads=3 status --short
git -C copy grep --threads=3 -c 77 | wc -l
git -C copy fsck
rm -rf project/.git copy/.git
