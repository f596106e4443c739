#!/bin/sh
# Compiles every program of this folder into BUILD_DIR and runs each natively: three times as the
# caller and, when the caller is root, once as nobody, always in a fresh empty directory. A program
# fails when it does not exit with 0, writes to stderr, takes 10 s, or varies between runs.
# usage: run_native.sh BUILD_DIR [NAME...]
set -u
here=$(cd "$(dirname "$0")" && pwd)
[ $# -ge 1 ] || { echo "usage: run_native.sh BUILD_DIR [NAME...]" >&2; exit 2; }
mkdir -p "$1" || exit 2
build=$(cd "$1" && pwd)
shift
compiler=${CC:-gcc}
[ $# -gt 0 ] || set -- $(cd "$here" && ls ./*.c | sed 's|^\./||; s|\.c$||')

printf '%s\n' "$@" | xargs -P 2 -I NAME "$compiler" -O1 -Wall -Wextra -Werror -pthread \
    -o "$build/NAME" "$here/NAME.c" -lrt || { echo "a program does not compile" >&2; exit 1; }

work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"

run() { # NAME USER OUTPUT: runs NAME as USER ("" is the caller); OUTPUT gets stdout and status
    mkdir "$work/cwd"
    if [ -n "$2" ]; then
        chown "$2" "$work/cwd"
        timeout 10 su "$2" -s /bin/sh -c "cd '$work/cwd' && exec '$build/$1'"
    else
        (cd "$work/cwd" && exec timeout 10 "$build/$1")
    fi </dev/null >"$3" 2>"$work/stderr"
    status=$?
    echo "status $status" >>"$3"
    [ "$status" = 0 ] && [ ! -s "$work/stderr" ]
    outcome=$?
    [ $outcome = 0 ] || sed "s|^|$1: |" "$work/stderr" "$3"
    rm -rf "$work/cwd"
    return $outcome
}

failed=0
for name in "$@"; do
    good=yes
    for attempt in 1 2 3; do
        run "$name" "" "$work/out.$attempt" || good=no
    done
    cp "$work/out.1" "$work/out.4"
    [ "$(id -u)" != 0 ] || run "$name" nobody "$work/out.4" || good=no
    for attempt in 2 3 4; do
        cmp -s "$work/out.1" "$work/out.$attempt" || { echo "$name: output varies"; good=no; }
    done
    [ $good = yes ] || { failed=$((failed + 1)); echo "FAILED $name"; }
done
echo "$# programs, $failed failed"
[ $failed = 0 ]
