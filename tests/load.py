"""Load servers for a long time: is there a false alarm, a wrong answer, a leak?

    python tests/load.py [nginx] [redis] [--minutes 30] [-n 2] [--pause 0.01] [--option WORD]

Each server runs twice, natively and under mvx. Clients send the same requests to both, and the
answers must be the same, except for what tells the time. nginx: files small and large, ranges,
conditions, errors, HEAD, pipelined and broken requests. redis: strings, lists, hashes,
sorted sets, scripts, transactions, expiry, pipelines, saving in a child. A line per server tells
how many requests there were, how many answers differed, the memory of mvx and its variants at the
start and at the end, and how it ended. The exit status is 0 when nothing failed.

Several workers of nginx (`--workers`), also the old and the new one at a reload (`--reload`), share
the number of a connection, and log it: they take turns (docs/explanation/threads.md).
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import random
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from mvx.bench.running import descendants, proportional_mebibytes
from mvx.bench.servers import free_port

CLIENTS = 3
START_LIMIT_S = 20.0
ANSWER_LIMIT_S = 30.0
END_LIMIT_S = 20.0
LARGE = 3_000_000
TELLS_TIME = re.compile(rb"^(Date|Last-Modified|ETag): [^\r]*\r\n", re.MULTILINE)

NGINX = """\
daemon off; pid {place}/nginx.pid; error_log {place}/error.log; worker_processes {workers};
events {{ worker_connections 256; }}
http {{
    access_log {place}/access.log; gzip on; gzip_types text/plain; default_type text/plain;
    client_body_temp_path {place}; proxy_temp_path {place}; fastcgi_temp_path {place};
    uwsgi_temp_path {place}; scgi_temp_path {place};
    server {{
        listen 127.0.0.1:{port}; root {web};
        absolute_redirect off;
        location /moved {{ return 301 /small; }}
        location /echo {{ return 200 "$request_method $args $http_x_word"; }}
    }}
}}
"""

WORKERS = [1]
Request = bytes
Requests = Callable[[random.Random, int], Iterator[Request]]
"""Requests of one connection, from a client with that number."""


def nginx_requests(choose: random.Random, client: int) -> Iterator[Request]:
    """Return the requests of one connection."""
    head = f"Host: here\r\nX-Word: {client}\r\n"
    start, length = choose.randrange(LARGE), choose.randrange(1, 100_000)
    forms = [
        f"GET /small HTTP/1.1\r\n{head}\r\n",
        f"GET /small HTTP/1.1\r\n{head}Accept-Encoding: gzip\r\n\r\n",
        f"GET /large HTTP/1.1\r\n{head}Range: bytes={start}-{start + length}\r\n\r\n",
        f"HEAD /large HTTP/1.1\r\n{head}\r\n",
        f"GET /missing{choose.random()} HTTP/1.1\r\n{head}\r\n",
        f"GET /moved HTTP/1.1\r\n{head}\r\n",
        f"GET /echo?{choose.getrandbits(99):x} HTTP/1.1\r\n{head}\r\n",
        f"POST /small HTTP/1.1\r\n{head}Content-Length: 5\r\n\r\nhello",
        f"GET /../secret HTTP/1.1\r\n{head}\r\n",
        f"GET /small HTTP/1.1\r\n{head}\r\n" * choose.randrange(2, 9),
        f"GET /large HTTP/1.1\r\n{head}\r\n",
        f"NONSENSE {choose.random()}\r\n\r\n",
    ]
    last = f"GET /echo?end HTTP/1.1\r\n{head}Connection: close\r\n\r\n"
    for _ in range(choose.randrange(1, 30)):
        form = choose.choices(forms, [9, 9, 5, 3, 5, 3, 9, 3, 1, 5, 1, 1])[0]
        yield form.encode()
        if form.startswith(("NONSENSE", "GET /..")):
            return
    yield last.encode()


def redis_command(*words: object) -> bytes:
    """Return a command in the protocol's form."""
    parts = [str(word).encode() for word in words]
    return b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(p), p) for p in parts)


def redis_requests(choose: random.Random, client: int) -> Iterator[Request]:
    """Return the requests of one connection; every client has keys of its own."""

    def key(kind: str) -> str:
        return f"{kind}:{client}:{choose.randrange(50)}"

    def number() -> int:
        return choose.randrange(1000)

    forms: list[Callable[[], bytes]] = [
        lambda: redis_command("SET", key("s"), "x" * choose.randrange(5000)),
        lambda: redis_command("SET", key("gone"), number(), "PX", 20),
        lambda: redis_command("SET", key("large"), "y" * 200_000, "EX", 900),
        lambda: redis_command("GET", key("s")),
        lambda: redis_command("GET", key("large")),
        lambda: redis_command("INCRBY", f"n:{client}", number()),
        lambda: redis_command("RPUSH", key("q"), *range(choose.randrange(1, 40))),
        lambda: redis_command("LRANGE", key("q"), 0, 20),
        lambda: redis_command("LTRIM", key("q"), 0, 100),
        lambda: redis_command("HSET", key("h"), f"f{number()}", number()),
        lambda: redis_command("HGET", key("h"), f"f{number()}"),
        lambda: redis_command("ZADD", key("z"), number(), f"m{number()}"),
        lambda: redis_command("ZRANGE", key("z"), 0, 10, "WITHSCORES"),
        lambda: redis_command("EVAL", "return redis.call('GET', KEYS[1])", 1, key("s")),
        lambda: redis_command("EVAL", "return {1,2,{3,'x'}}", 0),
        lambda: redis_command("CONFIG", "GET", "maxmemory"),
        lambda: redis_command("PING") * choose.randrange(2, 20),
        lambda: (
            redis_command("MULTI")
            + redis_command("INCR", f"n:{client}")
            + redis_command("GET", f"n:{client}")
            + redis_command("EXEC")
        ),
        lambda: redis_command("NOSUCH", number()),
        lambda: redis_command("DEL", key("q"), key("h")),
    ]
    for _ in range(choose.randrange(1, 60)):
        yield choose.choice(forms)()
    yield redis_command("ECHO", "end") + redis_command("QUIT")


class Side:
    """One of the two runs of a server."""

    def __init__(self, words: list[str], place: Path, port: int) -> None:
        """Start it, and wait until it listens."""
        self.port = port
        self._errors = (place / "stderr").open("w+b")
        self.process = subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=self._errors, stderr=self._errors
        )
        end = time.monotonic() + START_LIMIT_S
        while True:
            with contextlib.suppress(OSError), self.connect():
                return
            if self.process.poll() is not None or time.monotonic() > end:
                self.process.kill()
                raise SystemExit(f"does not listen: {shlex.join(words)}\n{self.errors()}")
            time.sleep(0.05)

    def connect(self) -> socket.socket:
        """Open a connection."""
        return socket.create_connection(("127.0.0.1", self.port), ANSWER_LIMIT_S)

    def talk(self, requests: bytes) -> bytes:
        """Send all requests of a connection, and read until it is closed."""
        got = bytearray()
        with self.connect() as wire:
            sender = threading.Thread(target=wire.sendall, args=(requests,))
            sender.start()
            with contextlib.suppress(ConnectionResetError):
                while piece := wire.recv(1 << 16):
                    got += piece
            sender.join()
        return TELLS_TIME.sub(b"", bytes(got))

    def memory_mebibytes(self) -> float:
        """Return the memory of it and all below it (PSS)."""
        return proportional_mebibytes(descendants(self.process.pid))

    def end(self) -> int:
        """End it; return its exit status."""
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(END_LIMIT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()

    def errors(self) -> str:
        """Return what it wrote."""
        self._errors.seek(0)
        return self._errors.read().decode(errors="replace")


@dataclasses.dataclass
class Load:
    """What the clients have seen."""

    connections: int = 0
    requests: int = 0
    differing: list[str] = dataclasses.field(default_factory=list)


def client(number: int, sides: list[Side], requests: Requests, pause_s: float, load: Load) -> None:
    """Send the same requests to both sides until one ends, or the time is over."""
    choose = random.Random(number)
    while load_goes_on(load) and all(side.process.poll() is None for side in sides):
        sent = list(requests(choose, number))
        try:
            answers = [side.talk(b"".join(sent)) for side in sides]
        except OSError as error:
            if all(side.process.poll() is None for side in sides):
                load.differing.append(f"{sent[-2:]}: {error}")
            continue
        load.connections += 1
        load.requests += len(sent)
        if answers[0] != answers[1]:
            pairs = enumerate(zip(*answers, strict=False))
            at = next((at for at, (one, other) in pairs if one != other), -1)
            shown = [answer[max(0, at - 60) : at + 60] for answer in answers]
            load.differing.append(f"{sent[:3]}: {shown}")
        time.sleep(pause_s)


STOP = threading.Event()


def load_goes_on(load: Load) -> bool:
    """Tell whether clients go on: until the end, or until much has failed."""
    return not STOP.is_set() and len(load.differing) < 20


def nginx_words(place: Path, web: Path, port: int) -> list[str]:
    """Return the server's command."""
    configuration = place / "nginx.conf"
    configuration.write_text(NGINX.format(place=place, web=web, port=port, workers=WORKERS[0]))
    return ["nginx", "-e", f"{place}/error.log", "-p", str(place), "-c", str(configuration)]


def redis_words(place: Path, web: Path, port: int) -> list[str]:
    """Return the server's command."""
    del web
    words = ["redis-server", "--bind", "127.0.0.1", "--port", str(port), "--dir", str(place)]
    return [*words, "--save", "5 10", "--appendonly", "yes"]


SERVERS: dict[str, tuple[Callable[[Path, Path, int], list[str]], Requests]] = {
    "nginx": (nginx_words, nginx_requests),
    "redis": (redis_words, redis_requests),
}


def run(name: str, asked: argparse.Namespace, folder: Path) -> bool:
    """Load one server; print its line, and what failed."""
    command, requests = SERVERS[name]
    web = folder / "web"
    web.mkdir()
    (web / "small").write_bytes(b"a line of text\n" * 70)
    (web / "large").write_bytes(random.Random(1).randbytes(LARGE))
    sides = []
    for prefix in ([], asked.mvx):
        place = folder / f"side-{len(sides)}"
        place.mkdir()
        place.chmod(0o777)
        port = free_port()
        sides.append(Side([*prefix, *command(place, web, port)], place, port))
    load = Load()
    before = sides[1].memory_mebibytes()
    STOP.clear()
    threads = [
        threading.Thread(target=client, args=(number, sides, requests, asked.pause, load))
        for number in range(CLIENTS)
    ]
    start = reloaded = time.monotonic()
    for thread in threads:
        thread.start()
    while time.monotonic() - start < 60 * asked.minutes and all(t.is_alive() for t in threads):
        time.sleep(0.2)
        if name == "nginx" and asked.reload and time.monotonic() - reloaded > asked.reload:
            reloaded = time.monotonic()
            for side in sides:
                side.process.send_signal(signal.SIGHUP)
    after = sides[1].memory_mebibytes()
    STOP.set()
    for thread in threads:
        thread.join()
    taken_s = time.monotonic() - start
    statuses = [side.end() for side in sides]
    words = sides[1].errors()
    alarm = "mvx: divergence" in words or statuses[1] == 121
    print(
        f"{name:8} {taken_s / 60:8.1f} {load.connections:12} {load.requests:9}"
        f" {len(load.differing):9} {before:10.0f} {after:10.0f}"
        f" {statuses[1]:7} {'DIVERGENCE' if alarm else 'none'}",
        flush=True,
    )
    for text in load.differing[:3]:
        print(f"    {text[:1500]}")
    good = not alarm and not load.differing and statuses[0] == statuses[1]
    if not good:
        print("\n".join(f"    {line}" for line in words.splitlines()[-60:]))
    return good


def main() -> int:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("names", nargs="*", choices=[*SERVERS, []], help="servers (default: all)")
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("-n", "--variants", default="2")
    parser.add_argument("--pause", type=float, default=0.01, help="seconds between connections")
    parser.add_argument("--workers", type=int, default=1, help="of nginx")
    parser.add_argument("--reload", type=float, metavar="SECONDS", help="how often nginx does")
    parser.add_argument("--mvx", type=shlex.split, default=[sys.executable, "-m", "mvx", "run"])
    parser.add_argument("--option", action="append", default=[], help="one more word for mvx run")
    asked = parser.parse_args()
    WORKERS[0] = asked.workers
    asked.mvx = [*asked.mvx, "-n", asked.variants, *asked.option, "--"]
    print(
        f"{'server':8} {'minutes':>8} {'connections':>12} {'requests':>9} {'differing':>9}"
        f" {'MiB before':>10} {'MiB after':>10} {'status':>7} alarm",
        flush=True,
    )
    good = True
    for name in asked.names or SERVERS:
        folder = Path(tempfile.mkdtemp(prefix="load-"))
        folder.chmod(0o755)
        try:
            good &= run(name, asked, folder)
        finally:
            shutil.rmtree(folder)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
