# Sourced by scripts that start a server.

until_() { # tries a command until it succeeds, for half a minute
    for _ in $(seq 600); do
        if "$@" >tried 2>&1; then
            rm tried
            return 0
        fi
        sleep 0.05
    done
    echo "never succeeded: $*" >&2
    return 1
}

await_port() { # until somebody listens on this port of 127.0.0.1
    until_ bash -c "exec 3<>/dev/tcp/127.0.0.1/$1"
}

finish() { # sends the server a signal and waits for its end
    kill "-$1" "$server"
    local status=0
    wait "$server" || status=$?
    server=
    echo "server ended: $status"
}

server=
trap '[[ -z $server ]] || kill -KILL "$server"' EXIT
