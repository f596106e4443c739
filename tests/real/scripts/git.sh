. "${0%/*}/git_environment.sh"
for part in pack grep index; do git config --global $part.threads 1; done
git init -q -b main project
cd project
for i in $(seq 1 30); do seq 1 $((i * 10)) >file.$i; done
mkdir sub
echo x >sub/y
git add .
git commit -q -m first
git log --format='%H %s'
for i in 1 2 3; do
    echo more >>file.$i
    git commit -q -a -m "change $i"
done
git checkout -q -b topic HEAD~1
echo topic >>file.9
git commit -q -a -m topic
git checkout -q main
git merge -q -m merge topic
git log --oneline --graph
git diff HEAD~1 --stat
git status --short
git tag -m version v1
git describe
git gc -q
git fsck
git count-objects -v | grep -v size
git show --stat HEAD~1
git clone -q . ../copy
cd ../copy
git log --format=%H | wc -l
git grep -n topic
git stash list
git blame -s file.9 | tail -n 1
