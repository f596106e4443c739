export GIT_AUTHOR_DATE='2024-01-01T00:00:00Z' GIT_COMMITTER_DATE='2024-01-01T00:00:00Z'
export GIT_CONFIG_SYSTEM=/dev/null GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b

git config --global pack.threads 1; git config --global grep.threads 1; git config --global index.threads 1
git init -q -b main project; cd project
for i in $(seq 1 30); do seq 1 $((i * 10)) >file.$i; done; mkdir sub; echo x >sub/y
git add .; git commit -q -m first; git log --format='%H %s'
for i in 1 2 3; do echo more >>file.$i; git commit -q -a -m "change $i"; done
git checkout -q -b topic HEAD~1; echo topic >>file.9; git commit -q -a -m topic
git checkout -q main; git merge -q -m merge topic; git log --oneline --graph
git diff HEAD~1 --stat; git status --short; git tag v1; git describe
git gc -q; git fsck; git count-objects -v | grep -v size; git show --stat HEAD~1
git clone -q . ../copy; cd ../copy; git log --format=%H | wc -l; git grep -n topic; git stash list; git blame -s file.9 | tail -n 1
