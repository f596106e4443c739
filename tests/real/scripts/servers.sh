await_port() { # until somebody listens on this port
    for _ in $(seq 600); do
        if (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; then return 0; fi
        sleep 0.05
    done
    echo "nobody listens" >&2
    return 1
}
finish() { # a signal to the server, and its end
    kill "-$1" "$server"
    local status=0
    wait "$server" || status=$?
    server=
    echo "server ended: $status"
}
server=
trap '[[ -z $server ]] || kill -KILL "$server"' EXIT
