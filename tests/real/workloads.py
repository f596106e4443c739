"""Real programs, as data: what is run, what has to be equal, what does not work yet and why.

A workload is a script of `scripts/`. It runs in a fresh folder that always has the same path, first
natively and then under mvx; standard output, standard error, exit status and every file that it
leaves must be equal. So a script prints only what does not change from one native run to the next:
it tests a random number or a date, and does not show it.

Before that, once for all runs, the folder gets copies of `inputs/` and is prepared by scripts of
`prepare/`. A workload with ``parts`` has a script that is not under mvx itself and puts ``$MVX``
before the commands that are: the way to have a server under mvx and its client outside. ``$PORT``
and ``$PORT2`` are free ports of 127.0.0.1.
"""

from __future__ import annotations

import dataclasses
import shutil
from typing import Final

PACKAGES: Final = {
    "apache2": "apache2",
    "awk": "mawk",
    "bash": "bash",
    "busybox": "busybox-static",
    "convert": "imagemagick",
    "curl": "curl",
    "dash": "dash",
    "ffmpeg": "ffmpeg",
    "gcc": "gcc",
    "git": "git",
    "go": "golang-go",
    "gzip": "gzip",
    "java": "default-jre-headless",
    "javac": "default-jdk-headless",
    "lighttpd": "lighttpd",
    "make": "make",
    "memcached": "memcached",
    "musl-gcc": "musl-tools",
    "mysql": "mariadb-client",
    "mysqld": "mariadb-server",
    "nginx": "nginx-light",
    "node": "nodejs",
    "openssl": "openssl",
    "perl": "perl",
    "pigz": "pigz",
    "python3": "python3",
    "redis-benchmark": "redis-tools",
    "redis-server": "redis-server",
    "sqlite3": "sqlite3",
    "ssh-keygen": "openssh-client",
    "sysbench": "sysbench",
    "tar": "tar",
    "wrk": "wrk",
    "xz": "xz-utils",
    "zstd": "zstd",
}
"""The Debian package of each program that a workload needs."""


@dataclasses.dataclass(frozen=True)
class Gap:
    """A failure that is known."""

    cause: str
    variants: tuple[int, ...] = (2, 3)
    policies: tuple[str, ...] = ("effects", "strict", "stream")
    always: bool = True
    """Or only now and then."""


@dataclasses.dataclass(frozen=True)
class Workload:
    """One script and how it is judged."""

    name: str
    programs: str = ""
    """What it needs besides the shell, one word each."""
    script: str = ""
    """Its file, if that has another name than the workload."""
    shell: str = "bash"
    settings: dict[str, str] = dataclasses.field(default_factory=dict)
    """Environment variables."""
    inputs: tuple[str, ...] = ()
    prepare: tuple[str, ...] = ()
    parts: bool = False
    varying: tuple[str, ...] = ()
    """Files whose content differs from one native run to the next; names and rights are equal."""
    nobody: bool = False
    """Runs as the user nobody, too."""
    signals: bool = False
    """Belongs to the hard mix of signals: `soak.py --mix` runs it for long."""
    threads: bool = False
    """Has several threads at work: `soak.py` runs it again and again."""
    variants: tuple[int, ...] = (2,)
    """Runs of the short selection, under the policy `effects`."""
    limit_s: float = 60
    gap: Gap | None = None

    def missing(self) -> dict[str, str]:
        """Return the programs that this machine lacks, with their packages."""
        words = [*self.shell.split(), *self.programs.split()]
        return {word: PACKAGES[word] for word in words if not (word == "sh" or shutil.which(word))}


def _python(name: str, *words: str, **fields: object) -> Workload:
    program = name.removesuffix("_in_thread") + ".py"
    settings = {"WHAT": " ".join([program, *words])}
    return Workload(name, "python3", "python", settings=settings, inputs=(program,), **fields)  # type: ignore[arg-type]


_STREAM = Gap(
    "a late follower gets a message from a thread that has not yet written it there",
    policies=("stream",),
    always=False,
)
_INEXACT = Gap(
    "its handler only notes the signal, and where it looks next depends on the instruction at which"
    " it came between two calls",
    always=False,
)
_LOAD = {"SECONDS_OF_LOAD": "1"}
_NO_BACKGROUND = {"OPTIONS": "--jemalloc-bg-thread no"}
_NGINX_VARYING = ("*.log", "access.old", "nginx.conf", "nginx.pid", "wrk.txt")

WORKLOADS: Final = [
    # coreutils and other small tools
    Workload("exit_status", variants=(1, 2, 3)),
    Workload("death_by_signal", variants=(1, 2, 3)),
    Workload("sort", "awk", prepare=("lines",), nobody=True),
    Workload("sort_with_threads", "awk", prepare=("many_lines",), threads=True),
    Workload("sort_two_million", "awk", prepare=("two_million_lines",), variants=(), threads=True),
    Workload("dd", "awk", prepare=("lines",)),
    Workload("copy_and_find", prepare=("tree",), nobody=True),
    Workload("ls_du_stat", prepare=("tree",), nobody=True),
    Workload("digests", "awk", prepare=("lines",)),
    Workload("text_tools", "awk", prepare=("lines",), nobody=True),
    Workload("date_and_time", varying=("stamp",), nobody=True),
    Workload("random_bytes", varying=("random", "shown", "shuffled", "uuid"), variants=(2, 3)),
    Workload("permissions_and_links", nobody=True),
    # Shells
    Workload("bash", script="shell", varying=("pid",), nobody=True, variants=(1, 2, 3)),
    Workload("dash", script="shell", shell="dash", varying=("pid",), nobody=True),
    Workload("busybox_sh", "", "shell", "busybox sh", varying=("pid",), nobody=True),
    Workload("bash_features", varying=("random", "time"), nobody=True),
    Workload("pipes_and_signals"),
    Workload("awk_and_perl", "awk perl", prepare=("lines",), varying=("order",)),
    # Debian's Python, which may not be the one that runs the tests
    _python("python_basics", varying=("order", "ids"), nobody=True, variants=(1, 2, 3)),
    _python("python_subprocess", nobody=True),
    _python("python_sqlite"),
    _python("python_asyncio"),
    _python("python_asyncio_threads", threads=True),
    _python("python_http", nobody=True),
    _python("python_http_in_thread", "thread", threads=True),
    _python("python_one_thread_at_a_time", threads=True),
    _python("python_threads", threads=True),
    _python("python_multiprocessing", threads=True),
    # Compilers, make, git, databases
    Workload("gcc", "gcc awk", prepare=("c_program",)),
    Workload(
        "make_j2",
        "make gcc",
        "make",
        settings={"OPTIONS": "-j2"},
        inputs=("Makefile",),
        prepare=("project",),
        threads=True,
    ),
    Workload(
        "git",
        "git",
        varying=("*.git/index",),
        nobody=True,
    ),
    Workload("git_with_threads", "git", threads=True),
    Workload("git_gc_and_clone", "git", variants=(), threads=True),
    Workload("sqlite", "sqlite3", nobody=True),
    Workload("sqlite_wal", "sqlite3"),
    # Archives, compression, cryptography
    Workload("tar", "tar gzip xz awk", prepare=("tree",), varying=("a.tar", "a.t?z"), nobody=True),
    Workload("gzip", "awk gzip", prepare=("lines",), nobody=True),
    Workload("xz", "awk xz", prepare=("lines",)),
    Workload("xz_two_threads", "awk xz", prepare=("lines",), threads=True),
    Workload("zstd", "awk zstd", prepare=("lines",)),
    Workload(
        "zstd_two_threads", "awk zstd", prepare=("many_lines",), varying=("*.zst",), threads=True
    ),
    Workload("pigz", "awk pigz", prepare=("many_lines",), variants=(), threads=True),
    Workload(
        "openssl",
        "openssl awk",
        prepare=("lines",),
        varying=("random", "*.pem", "signature", "encrypted"),
        nobody=True,
    ),
    Workload(
        "openssl_speed",
        "openssl",
        variants=(),
        signals=True,
    ),
    Workload("openssl_server", "openssl", prepare=("tls",), parts=True, varying=("log", "*.pem")),
    Workload(
        "openssl_both",
        "openssl",
        "openssl_server",
        prepare=("tls",),
        varying=("log", "*.pem"),
        variants=(),
    ),
    Workload(
        "ssh_keygen",
        "ssh-keygen",
        varying=("ed", "ed.pub", "rsa", "rsa.pub", "data.sig", "bubble"),
    ),
    # Clients and servers
    Workload("curl", "curl python3", inputs=("web.py",), prepare=("web",), parts=True),
    Workload(
        "python_web_server",
        "curl python3",
        inputs=("web.py",),
        prepare=("web",),
        parts=True,
        threads=True,
    ),
    Workload(
        "redis",
        "redis-server redis-benchmark",
        settings=_NO_BACKGROUND,
        parts=True,
        varying=("log", "dump.rdb"),
        nobody=True,
    ),
    Workload(
        "redis_with_background_thread",
        "redis-server redis-benchmark",
        "redis",
        parts=True,
        varying=("log", "dump.rdb"),
        variants=(),
        threads=True,
    ),
    Workload(
        "redis_benchmark",
        "redis-server redis-benchmark",
        settings=_NO_BACKGROUND,
        parts=True,
        varying=("log", "dump.rdb"),
    ),
    Workload(
        "redis_save",
        "redis-server redis-benchmark",
        settings=_NO_BACKGROUND | {"SAVES": "bgsave bgsave"},
        parts=True,
        varying=("log", "dump.rdb"),
    ),
    Workload(
        "redis_append_only",
        "redis-server redis-benchmark",
        "redis_save",
        settings={
            "OPTIONS": "--jemalloc-bg-thread no --appendonly yes",
            "SAVES": "bgsave bgrewriteaof",
        },
        parts=True,
        varying=("log", "dump.rdb", "appendonlydir/*"),
        threads=True,
    ),
    Workload(
        "nginx_one_process",
        "nginx curl",
        "nginx",
        settings={"PROCESSES": "daemon off; master_process off;"},
        prepare=("web",),
        parts=True,
        varying=_NGINX_VARYING,
        variants=(),
    ),
    Workload(
        "nginx",
        "nginx curl wrk",
        settings={"PROCESSES": "daemon off; worker_processes 2;"},
        prepare=("web",),
        parts=True,
        varying=_NGINX_VARYING,
        nobody=True,
        variants=(2, 3),
    ),
    Workload(
        "nginx_daemon",
        "nginx curl wrk",
        "nginx",
        settings={"PROCESSES": "worker_processes 2;"},
        prepare=("web",),
        varying=_NGINX_VARYING,
    ),
    Workload(
        "lighttpd",
        "lighttpd curl wrk",
        prepare=("web",),
        parts=True,
        varying=("*.log", "wrk.txt", "lighttpd.conf"),
        nobody=True,
    ),
    Workload(
        "memcached",
        "memcached",
        settings={"OPTIONS": "-o no_lru_maintainer,no_lru_crawler"},
        parts=True,
        gap=_STREAM,
    ),
    Workload("memcached_with_maintainer", "memcached", "memcached", parts=True, threads=True),
    Workload(
        "memcached_load",
        "memcached python3",
        settings=_LOAD,
        inputs=("memcached_load.py",),
        parts=True,
        threads=True,
    ),
    Workload(
        "apache2",
        "apache2 curl wrk",
        settings=_LOAD,
        prepare=("web",),
        parts=True,
        varying=("*.log", "*.pid", "*.conf", "wrk.txt"),
        variants=(),
        threads=True,
    ),
    Workload(
        "mariadb",
        "mysqld mysql",
        prepare=("mariadb",),
        parts=True,
        varying=("data/*", "log", "install.log", "answered", "pid"),
        variants=(),
        threads=True,
    ),
    # Other ways to make a program
    Workload("static_programs", "musl-gcc gcc", inputs=("static.c",), prepare=("musl",)),
    *(
        Workload(
            f"go_{what}",
            "go",
            "go",
            settings={"WHAT": what},
            inputs=("main.go",),
            prepare=("go",),
            threads=True,
        )
        for what in ("hello", "routines", "http")
    ),
    Workload(
        "node_hello",
        "node",
        settings={"OPTIONS": "--single-threaded"},
        inputs=("hello.js",),
        gap=_STREAM,
    ),
    Workload("node_threads", "node", "node_hello", inputs=("hello.js",), threads=True),
    Workload(
        "node_http", "node curl", inputs=("server.js",), parts=True, gap=_STREAM, threads=True
    ),
    *(
        Workload(
            f"{name}_load",
            f"{needs} curl wrk",
            "http_load",
            settings=_LOAD | {"SERVER": command},
            inputs=inputs,
            prepare=prepare,
            parts=True,
            varying=("wrk.txt",),
            variants=variants,
            threads=True,
        )
        for name, needs, command, inputs, prepare, variants in (
            ("node_http", "node", "node server.js", ("server.js",), (), (2,)),
            ("go_http", "go", "./server", ("server.go",), ("go_server",), ()),
            (
                "java_http",
                "java javac",
                "java -XX:-UsePerfData -cp . Server",
                ("Server.java",),
                ("java",),
                (),
            ),
        )
    ),
    Workload(
        "java_hello",
        "java javac",
        inputs=("Hello.java",),
        prepare=("java",),
        variants=(),
        threads=True,
        signals=True,
    ),
    # The hard mix of signals
    *(
        Workload(
            f"signals_timer_{what}",
            "gcc",
            "signals_timers",
            settings={"WHAT": what},
            inputs=("timers.c",),
            prepare=("timers",),
            variants=variants,
            signals=True,
        )
        for what, variants in (("computes", (2, 3)), ("calls", (2,)))
    ),
    Workload("signals_shell", signals=True, gap=_INEXACT),
    Workload(
        "signals_python", "python3", inputs=("python_signals.py",), signals=True, gap=_INEXACT
    ),
    Workload("signals_go", "go", inputs=("preemption.go",), prepare=("preemption",), signals=True),
    Workload(
        "signals_nginx",
        "nginx curl wrk",
        prepare=("web",),
        parts=True,
        varying=_NGINX_VARYING,
        signals=True,
    ),
    Workload(
        "signals_redis",
        "redis-server redis-benchmark",
        parts=True,
        varying=("log", "dump.rdb", "bench.txt"),
        signals=True,
    ),
    Workload(
        "java_pools",
        "java javac",
        "java_hello",
        settings={"CLASS": "Pools"},
        inputs=("Pools.java",),
        prepare=("java",),
        variants=(),
        threads=True,
    ),
    # What computes with several threads
    Workload("imagemagick", "convert", variants=(), threads=True),
    Workload("ffmpeg", "ffmpeg", variants=(), threads=True),
    Workload(
        "sysbench", "sysbench", varying=("cpu", "threads", "mutex"), variants=(), threads=True
    ),
]
