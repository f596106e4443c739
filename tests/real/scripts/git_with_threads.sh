. "${0%/*}/git_environment.sh"
git init -q -b main project
cd project
for i in $(seq 1 300); do seq $i $((i + 100)) >file.$i; done
git add .
git commit -q -m first
git repack -q -a -d -f --threads=2
git grep --threads=2 -c 77 | wc -l
rm -rf .git
