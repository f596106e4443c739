#!/usr/bin/env bash
# Everything about the text that can be checked without running mvx. Needs `pip install '.[dev]'`, gcc
# and clang.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
failed=0

check() {
    local name=$1
    shift
    if "$@" >"$folder/log" 2>&1; then
        printf 'ok      %s\n' "$name"
    else
        cat "$folder/log"
        printf 'FAILED  %s\n' "$name"
        failed=1
    fi
}

# The wheel is built anew, so this needs no CMake on the machine: what lacks comes from PyPI.
build() {
    env CC="$1" python -m pip wheel --quiet --no-deps --wheel-dir "$folder/$1" .
}

check 'ruff check' python -m ruff check
check 'ruff format' python -m ruff format --check
check 'mypy --strict' python -m mypy --strict src
check 'clang-format' clang-format --dry-run -Werror agent/*.[ch] heap/*.[ch] stops/*.c stops/loop.h
check 'generated files are fresh' env PYTHONPATH=src python -m mvx.generate --check
check 'builds with gcc' build gcc
check 'builds with clang' build clang
exit "$failed"
