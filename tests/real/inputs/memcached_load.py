"""Eight connections to a memcached, each with its own keys, and one counter for all of them.

Arguments: the port, and for how many seconds.
"""

import socket
import sys
import threading
import time

PORT, SECONDS = int(sys.argv[1]), float(sys.argv[2])
errors = []
counts = [0] * 8


def work(number: int) -> None:
    with socket.create_connection(("127.0.0.1", PORT), timeout=30) as connection:
        stream = connection.makefile("rwb")

        def ask(command: bytes, *expected: bytes) -> None:
            stream.write(command)
            stream.flush()
            for line in expected:
                answer = stream.readline()
                if answer != line:
                    errors.append((command[:40], answer))
                    raise SystemExit

        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            value = b"%08d" % counts[number] * (1 + counts[number] % 50)
            key = b"key-%d-%d" % (number, counts[number] % 100)
            ask(b"set %s 0 0 %d\r\n%s\r\n" % (key, len(value), value), b"STORED\r\n")
            head = b"VALUE %s 0 %d\r\n" % (key, len(value))
            ask(b"get %s\r\n" % key, head, value + b"\r\n", b"END\r\n")
            if counts[number] % 10 == 9:
                ask(b"delete %s\r\n" % key, b"DELETED\r\n")
            stream.write(b"incr counter 1\r\n")
            stream.flush()
            if not stream.readline().strip().isdigit():
                errors.append("incr")
            counts[number] += 1


with socket.create_connection(("127.0.0.1", PORT), timeout=30) as first:
    first.sendall(b"set counter 0 0 1\r\n0\r\n")
    assert first.recv(100) == b"STORED\r\n"
    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    first.sendall(b"get counter\r\n")
    counter = int(first.recv(100).split(b"\r\n")[1])
print("errors:", errors)
print("counted all:", counter == sum(counts) > 0)
