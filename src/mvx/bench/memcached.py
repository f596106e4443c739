"""A client that loads memcached: PORT CONNECTIONS SECONDS; prints requests per second, p50, p99 in
milliseconds. Debian has none. It is a program of its own, so that it can have its own processor.

One request at a time on every connection, nine gets to one set, in the text protocol.
"""

from __future__ import annotations

import selectors
import socket
import sys
import time

_KEYS = 1000
_VALUE = b"x" * 100


def main(port: int, connections: int, seconds: float) -> None:
    """Load the server, print the numbers."""
    requests = [
        b"set key_%d 0 0 %d\r\n%s\r\n" % (number, len(_VALUE), _VALUE)
        if number % 10 == 0
        else b"get key_%d\r\n" % (number // 10 * 10)
        for number in range(_KEYS)
    ]
    selector = selectors.EpollSelector()
    started: dict[socket.socket, float] = {}
    done = 0
    times: list[float] = []
    start = time.perf_counter()
    for _ in range(connections):
        link = socket.create_connection(("127.0.0.1", port))
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        selector.register(link, selectors.EVENT_READ, link)
        started[link] = time.perf_counter()
        link.sendall(requests[0])
    now = start
    while now < start + seconds:
        for key, _ in selector.select(1.0):
            link = key.data
            answer = link.recv(4096)
            if not answer.endswith((b"STORED\r\n", b"END\r\n")):
                sys.exit(f"memcached says {answer[:60]!r}")
            now = time.perf_counter()
            times.append(now - started[link])
            done += 1
            started[link] = now
            link.sendall(requests[done % _KEYS])
        now = time.perf_counter()
    times.sort()
    middle, high = (1000 * times[int(len(times) * share)] for share in (0.5, 0.99))
    sys.stdout.write(f"{done / (now - start):.1f} {middle:.4f} {high:.4f}\n")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))
