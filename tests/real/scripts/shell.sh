# What every shell can do, in the shell that runs this.
echo "arguments $#"
cat <<END
here $((6 * 7))
$(echo nested | tr a-z A-Z)
END
x=1
(
    x=2
    echo "in $x"
)
echo "out $x"
seq 1 100 | sed -n 's/9$/&!/p' | tr '\n' ' ' | wc -c
for i in 1 2 3; do
    (
        sleep 0.0$i
        echo "job $i" >"job.$i"
    ) &
done
wait
cat job.1 job.2 job.3
sleep 0.05 &
first=$!
(exit 3) &
second=$!
wait "$first"
echo "first $?"
wait "$second"
echo "second $?"
cut -d ' ' -f 4 /proc/self/stat >parent
[ "$(cat parent)" = $$ ] && echo "own number"
rm parent
echo $$ >pid
kill -0 "$(cat pid)" && echo alive
trap 'echo got USR1' USR1
kill -USR1 $$
echo after
trap 'echo "leaving with $?"' EXIT
f() {
    local y=5
    echo "f $1 $y"
    return 4
}
f a
echo "$?"
while read -r word rest; do echo "$rest:$word"; done <<END
a b c
d e f
END
case abc in a*) echo matched ;; esac
exec 3>third
echo three >&3
exec 3>&-
cat third
{ echo to error >&2; } 2>captured
cat captured
cat nothing 2>&1
echo "status $?"
set -- p q r
shift
echo "$*"
for i in $(seq 30); do
    [ "$(seq 1 50 | sort -rn | tr '\n' ' ' | wc -c)" = 141 ] || echo "lost in $i"
done
echo out
echo err >&2
printf '%s\n' *
exit 9
