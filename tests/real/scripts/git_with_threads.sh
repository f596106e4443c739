export GIT_AUTHOR_DATE='2024-01-01T00:00:00Z' GIT_COMMITTER_DATE='2024-01-01T00:00:00Z'
export GIT_CONFIG_SYSTEM=/dev/null GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b

git init -q -b main project; cd project
for i in $(seq 1 300); do seq $i $((i + 100)) >file.$i; done
git add .; git commit -q -m first; git repack -q -a -d -f --threads=2; git grep --threads=2 -c 77 | wc -l; rm -rf .git
