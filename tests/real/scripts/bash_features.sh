echo $RANDOM$RANDOM$SRANDOM >random
[ "$RANDOM" != "$RANDOM" ] && echo two numbers
echo "$EPOCHREALTIME" >time
[ "$BASHPID" = $$ ] && echo same
(
    /bin/true
    [ "$BASHPID" != $$ ] && echo other
)
diff <(seq 1 5) <(seq 1 6)
echo "status $?"
coproc cat
echo to coprocess >&"${COPROC[1]}"
read -r -u "${COPROC[0]}" line
echo "$line"
exec {COPROC[1]}>&-
wait
declare -A map=([a]=1 [b]=2)
echo "${map[a]} ${!map[*]}"
for _ in 1 2 3 4 5; do
    mapfile -t rows < <(seq 1 1000)
    echo "${#rows[@]}"
done
false | true
echo "${PIPESTATUS[*]}"
set -o pipefail
false | true
echo $?
set +o pipefail
read -r -t 0.1 line < <(sleep 0.4)
echo "read $?"
[[ abc =~ b(.) ]] && echo "${BASH_REMATCH[1]}"
printf -v text '%05d' 42
echo "$text"
cat <<<"a here string"
trap 'echo "child $?"' CHLD
(exit 4) &
wait $!
trap - CHLD
(
    trap 'echo in subshell' EXIT
    exit 2
)
echo $?
{
    bash -c 'kill -9 $$'
    echo "killed $?"
} 2>&1 | sed 's/.*: *[0-9]* Killed.*/Killed/'
bash -c 'trap "echo term; exit 5" TERM; kill $$; sleep 1'
echo $?
sleep 5 &
kill $!
wait $!
echo "waited $?"
for i in $(seq 30); do echo "$i" | cat; done | tail -n 1
[ "$SECONDS" -lt 50 ] && echo quick
ulimit -n >/dev/null
umask
times >/dev/null
type -t cat
exec 5<>file
echo both >&5
cat file
