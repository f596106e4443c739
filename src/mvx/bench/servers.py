"""What servers cost: `mvx bench servers`.

A server is started, loaded by a client that runs natively, and ended, in every trial anew. Server
and client share the processors, unless ``--client-cpu`` gives the client one for itself. `cpu` is
the time of all processes of the contender, supervisor included, while the load was on; `memory` is
their proportional set size just after it, the leader's part of which is natively the whole.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import dataclasses
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from mvx.bench.contenders import Contender, contenders, environment
from mvx.bench.running import descendants, processor_seconds, proportional_mebibytes
from mvx.bench.series import Measure, Trial, TrialFailedError

MEASURES = (
    Measure("throughput", "requests/s", more_is_better=True),
    Measure("p50", "ms"),
    Measure("p99", "ms"),
    Measure("cpu", "s"),
    Measure("memory", "MiB PSS"),
)
_CONNECTIONS = 16
_UNITS_MS = {"us": 1e-3, "ms": 1.0, "s": 1e3, "m": 6e4}
_START_S = 20.0
_END_S = 10.0
_NGINX = """\
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/nginx-error.log;
events {{ worker_connections 256; }}
http {{
    access_log off;
    sendfile on;
    keepalive_requests 1000000;
    server {{ listen 127.0.0.1:{port}; root {folder}/web; }}
}}
"""
_LIGHTTPD = """\
server.document-root = "{folder}/web"
server.port = {port}
server.bind = "127.0.0.1"
server.max-keep-alive-requests = 1000000
"""


@dataclasses.dataclass(frozen=True)
class Service:
    """A server and the client that loads it."""

    row: str
    meaning: str
    programs: tuple[str, ...]
    command: Callable[[Path, int], list[str]]
    """The server's words for a folder and a port."""
    load: Callable[[int, argparse.Namespace], dict[str, float]]
    """Load the server at a port; throughput, p50, p99."""


def names() -> list[str]:
    """All rows."""
    return [service.row for service in SERVICES]


def trials(asked: argparse.Namespace, folder: Path) -> Iterator[Trial]:
    """All contenders for the services that were asked for and whose programs are installed."""
    web = folder / "web"
    web.mkdir()
    (web / "index.html").write_bytes(b"x" * 1024)
    folder.chmod(0o755)  # nginx's workers are another user
    for service in SERVICES:
        wanted = not asked.row or service.row in asked.row
        if wanted and all(map(shutil.which, service.programs)):
            for contender in contenders(asked):
                run = partial(_run, service, contender, asked, folder)
                yield Trial(service.row, service.meaning, contender.name, run)


def _run(
    service: Service, contender: Contender, asked: argparse.Namespace, folder: Path
) -> dict[str, float]:
    port = free_port()
    words = [*contender.prefix, *service.command(folder, port)]
    log = folder / "server.log"
    with (
        log.open("wb") as stream,
        subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
            env=environment(),
            start_new_session=True,
        ) as process,
    ):
        try:
            _await_port(process, port, log)
            before_s = processor_seconds(descendants(process.pid))
            told = service.load(port, asked)
            alive = descendants(process.pid)
            told["cpu"] = processor_seconds(alive) - before_s
            told["memory"] = proportional_mebibytes(alive)
            if process.poll() is not None:
                raise TrialFailedError(_last_words(process, log))
        finally:
            _end(process, group=contender.group)
    return told


def free_port() -> int:
    """A TCP port of this machine that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _await_port(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    end = time.monotonic() + _START_S
    while time.monotonic() < end:
        if process.poll() is not None:
            raise TrialFailedError(_last_words(process, log))
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.02)
    raise TrialFailedError(f"does not listen after {_START_S:g} s")


def _last_words(process: subprocess.Popen[bytes], log: Path) -> str:
    first = log.read_text(errors="replace").partition("\n")[0]
    return f"the server ended with status {process.returncode} {first}".strip()


def _end(process: subprocess.Popen[bytes], *, group: bool) -> None:
    with contextlib.suppress(ProcessLookupError):
        send = os.killpg if group else os.kill
        send(process.pid, signal.SIGTERM)
    try:
        process.wait(_END_S)
    except subprocess.TimeoutExpired:
        for victim in descendants(process.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(victim, signal.SIGKILL)
        process.wait()


# Clients


def _client(words: list[str], asked: argparse.Namespace) -> str:
    """Run a client, on its own processor if there shall be one; what it printed."""
    if asked.client_cpu is not None:
        words = ["taskset", "-c", str(asked.client_cpu), *words]
    try:
        done = subprocess.run(
            words,
            capture_output=True,
            text=True,
            check=False,
            timeout=60 + 10 * asked.seconds,
            env=environment(),
        )
    except subprocess.TimeoutExpired:
        raise TrialFailedError(f"{words[0]} is not done in time") from None
    if done.returncode:
        raise TrialFailedError(f"{words[0]}: {done.stderr.partition(chr(10))[0]}")
    return done.stdout


def _wrk(port: int, asked: argparse.Namespace) -> dict[str, float]:
    words = ["wrk", "-t1", f"-c{_CONNECTIONS}", f"-d{asked.seconds}s", "--latency"]
    text = _client([*words, f"http://127.0.0.1:{port}/index.html"], asked)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", text)
    shares = re.findall(r"^\s+(50|99)%\s+([\d.]+)(us|ms|s|m)$", text, re.MULTILINE)
    times = {share: float(value) * _UNITS_MS[unit] for share, value, unit in shares}
    if rate is None or times.keys() != {"50", "99"} or "Non-2xx" in text:
        raise TrialFailedError(f"wrk says {' '.join(text.split())[:200]}")
    return {"throughput": float(rate[1]), "p50": times["50"], "p99": times["99"]}


def _redis(test: str, port: int, asked: argparse.Namespace) -> dict[str, float]:
    words = ["redis-benchmark", "-p", str(port), "-t", test, "-c", str(_CONNECTIONS), "--csv"]
    probe = _redis_row(_client([*words, "-n", "2000"], asked))
    count = max(2000, round(float(probe["rps"]) * asked.seconds))
    row = _redis_row(_client([*words, "-n", str(count)], asked))
    return {
        "throughput": float(row["rps"]),
        "p50": float(row["p50_latency_ms"]),
        "p99": float(row["p99_latency_ms"]),
    }


def _redis_row(text: str) -> dict[str, str]:
    lines = [line for line in text.splitlines() if line.startswith('"')]
    table = list(csv.DictReader(lines))
    if not table or "rps" not in table[0]:
        raise TrialFailedError(f"redis-benchmark says {' '.join(text.split())[:200]}")
    return table[0]


def _memcached(port: int, asked: argparse.Namespace) -> dict[str, float]:
    program = str(Path(__file__).with_name("memcached.py"))
    words = [sys.executable, "-I", program, str(port), str(_CONNECTIONS), str(asked.seconds)]
    rate, middle, high = map(float, _client(words, asked).split())
    return {"throughput": rate, "p50": middle, "p99": high}


def _nginx_command(folder: Path, port: int) -> list[str]:
    file = folder / "nginx.conf"
    file.write_text(_NGINX.format(folder=folder, port=port), encoding="utf-8")
    return ["nginx", "-e", f"{folder}/nginx-error.log", "-p", str(folder), "-c", str(file)]


def _lighttpd_command(folder: Path, port: int) -> list[str]:
    file = folder / "lighttpd.conf"
    file.write_text(_LIGHTTPD.format(folder=folder, port=port), encoding="utf-8")
    return ["lighttpd", "-D", "-f", str(file)]


def _redis_command(folder: Path, port: int) -> list[str]:
    words = ["redis-server", "--bind", "127.0.0.1", "--port", str(port), "--save", ""]
    return [*words, "--dir", str(folder), "--jemalloc-bg-thread", "no"]


def _memcached_command(folder: Path, port: int) -> list[str]:
    del folder
    words = ["memcached", "-l", "127.0.0.1", "-p", str(port), "-U", "0", "-t", "1"]
    if os.geteuid() == 0:
        words += ["-u", "nobody"]
    return [*words, "-o", "no_lru_maintainer,no_lru_crawler"]


SERVICES = (
    Service(
        "nginx",
        f"one worker, wrk with {_CONNECTIONS} connections, a file of 1 KiB",
        ("nginx", "wrk"),
        _nginx_command,
        _wrk,
    ),
    Service(
        "lighttpd",
        f"wrk with {_CONNECTIONS} connections, a file of 1 KiB",
        ("lighttpd", "wrk"),
        _lighttpd_command,
        _wrk,
    ),
    Service(
        "redis-get",
        f"redis-benchmark -t get -c {_CONNECTIONS}",
        ("redis-server", "redis-benchmark"),
        _redis_command,
        partial(_redis, "get"),
    ),
    Service(
        "redis-set",
        f"redis-benchmark -t set -c {_CONNECTIONS}",
        ("redis-server", "redis-benchmark"),
        _redis_command,
        partial(_redis, "set"),
    ),
    Service(
        "memcached",
        f"one worker, get and set from {_CONNECTIONS} connections, client in Python",
        ("memcached",),
        _memcached_command,
        _memcached,
    ),
)
