"""What all tests share: the command, the same for an unprivileged user, nothing left behind."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import mvx

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# In the environment of everything that this session starts, as far as a program keeps it.
MARK = "MVX_TEST_SESSION"
NOBODY = 65534
GRACE_S = 3.0
COMPILE = [os.environ.get("CC", "gcc"), "-O1", "-Wall", "-Wextra", "-Werror", "-pthread"]


@dataclasses.dataclass(frozen=True)
class Unprivileged:
    """How to start mvx as a user without rights: `subprocess.run([*command, …], **options)`."""

    command: list[str]
    options: dict[str, Any]


@pytest.fixture(scope="session")
def mvx_command() -> list[str]:
    return [sys.executable, "-m", "mvx"]


@pytest.fixture(scope="session")
def unprivileged(mvx_command: list[str]) -> Iterator[Unprivileged]:
    if os.geteuid() != 0:
        yield Unprivileged(mvx_command, {})
        return
    as_nobody: dict[str, Any] = {"user": NOBODY, "group": NOBODY, "extra_groups": [], "cwd": "/"}
    for python in (sys.executable, "/usr/bin/python3"):
        version = [python, "-c", "import sys; sys.exit(sys.version_info < (3, 11))"]
        with contextlib.suppress(OSError):
            if subprocess.run(version, check=False, **as_nobody).returncode == 0:
                break
    else:
        pytest.skip("no Python >= 3.11 that the user nobody may execute")
    # The checkout and this Python may be out of that user's reach, so it gets its own copy.
    folder = Path(tempfile.mkdtemp(prefix="unprivileged-"))
    try:
        import elftools

        for package in (mvx, elftools):
            assert package.__file__ is not None
            source = Path(package.__file__).parent
            shutil.copytree(source, folder / source.name, ignore=shutil.ignore_patterns("__pyc*"))
        for path in (folder, *folder.rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)
        environment = {
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "PYTHONPATH": str(folder),
            "PYTHONDONTWRITEBYTECODE": "1",
            "TMPDIR": "/tmp",
            MARK: os.environ[MARK],
        }
        yield Unprivileged([python, "-m", "mvx"], {**as_nobody, "env": environment})
    finally:
        shutil.rmtree(folder)


def work_folder() -> Path:
    """Return the folder of this session that other users may enter; it is kept after a failure."""
    folder = Path(tempfile.gettempdir(), f"session-{os.environ[MARK]}")
    folder.mkdir(mode=0o755, exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def compiled() -> Callable[..., Path]:
    """Compile a C program, once in this session: `compiled(source, *flags)` returns its path."""

    @functools.cache
    def compile_once(source: Path, *flags: str) -> Path:
        folder = work_folder() / "-".join([source.parent.name, *flags])
        folder.mkdir(exist_ok=True)
        target = folder / source.stem  # some programs look at their own name
        if not target.exists():  # else another worker was there first
            unfinished = target.with_name(f"{target.name}-{os.getpid()}")
            subprocess.run([*COMPILE, *flags, "-o", unfinished, source, "-lrt"], check=True)
            unfinished.rename(target)
        return target

    return compile_once


def execute(
    command: list[str], place: Path, limit_s: float, options: dict[str, Any] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command in a place, without input, and return what it wrote; one that hangs fails."""
    try:
        return subprocess.run(
            command,
            **{**(options or {}), "cwd": place},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=limit_s,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise AssertionError(
            f"not done after {limit_s} s: cd {place} && {shlex.join(command)}"
        ) from error


@pytest.fixture
def work_place(request: pytest.FixtureRequest) -> Path:
    """Make an empty directory for this test, which every user may enter and write."""
    words = "".join(c if c.isalnum() else "-" for c in request.node.name)
    folder = Path(tempfile.mkdtemp(prefix=f"{words}-", dir=work_folder()))
    folder.chmod(0o777)
    return folder


def own_files() -> set[str]:
    """Return the files of mvx in the places where it might leave some."""
    folders = {"/dev/shm", tempfile.gettempdir()}
    return {
        f"{folder}/{name}"
        for folder in folders
        for name in (os.listdir(folder) if os.path.isdir(folder) else ())
        if name.startswith("mvx")
    }


def own_processes(variable: str = MARK) -> dict[int, str]:
    """Return the processes that this session's tests started, by number, with their command.

    They are known by a variable of their environment, which has this process's value.
    """
    mark = f"{variable}={os.environ[variable]}".encode()
    found = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit() and int(entry) != os.getpid():
            with contextlib.suppress(OSError):  # gone, or somebody else's
                words = Path(f"/proc/{entry}/environ").read_bytes().split(b"\0")
                command = Path(f"/proc/{entry}/cmdline").read_bytes().replace(b"\0", b" ")
                if mark in words and b"sys.stdin.readline" not in command:  # (a worker of xdist)
                    found[int(entry)] = command.decode(errors="replace")
    return found


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--matrix",
        choices=("default", "full"),
        default="default",
        help="run tests/programs in two combinations of options each, or in all",
    )
    parser.addoption(
        "--repetitions",
        type=int,
        default=1,
        help="how often each program of tests/threads is run",
    )


@pytest.fixture
def remains(monkeypatch: pytest.MonkeyPatch) -> Callable[[], dict[int, str]]:
    """Return a function that tells which processes of this test are left, after some grace."""
    monkeypatch.setenv("MVX_TEST", uuid.uuid4().hex)

    def left() -> dict[int, str]:
        end = time.monotonic() + GRACE_S
        while (processes := own_processes("MVX_TEST")) and time.monotonic() < end:
            time.sleep(0.02)
        return processes

    return left


def is_worker(config: pytest.Config) -> bool:
    return hasattr(config, "workerinput")


FILES_BEFORE = pytest.StashKey[set[str]]()
LEFT_BEHIND = pytest.StashKey[list[str]]()


def pytest_configure(config: pytest.Config) -> None:
    os.environ.setdefault(MARK, uuid.uuid4().hex)
    # Sites learned by one test serve the others; the user's own cache is left alone.
    os.environ["XDG_CACHE_HOME"] = str(work_folder() / "cache")
    if places := os.environ.get("PYTHONPATH"):  # tests change the working directory
        os.environ["PYTHONPATH"] = ":".join(map(os.path.abspath, places.split(":")))
    config.stash[FILES_BEFORE] = own_files()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    if is_worker(session.config):
        return
    end = time.monotonic() + GRACE_S  # a killed process may take a moment
    while (processes := own_processes()) and time.monotonic() < end:
        time.sleep(0.05)
    left = [f"process {number}: {command}" for number, command in processes.items()]
    left += [f"file {name}" for name in sorted(own_files() - session.config.stash[FILES_BEFORE])]
    for number in processes:
        with contextlib.suppress(ProcessLookupError):
            os.kill(number, signal.SIGKILL)
    session.config.stash[LEFT_BEHIND] = left
    if session.exitstatus == pytest.ExitCode.OK or not any(work_folder().iterdir()):
        shutil.rmtree(work_folder())
    if left:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


COUNTED = {
    "test_attacks.py::test_attack_is_stopped": "attacks stopped before the effect",
    "test_attacks.py::test_expected_miss": "attacks missed, as documented",
    "test_benign.py::test_benign[": "suspicious runs without a divergence",
    "test_hostile.py::test_hostile_variant": "actions of hostile variants survived",
}


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    passed = terminalreporter.stats.get("passed", [])
    for name, words in COUNTED.items():
        if count := sum(name in report.nodeid for report in passed):
            terminalreporter.line(f"{count} {words}")
    for report in passed:
        attempts = dict(report.user_properties).get("attempts", 0)
        if attempts > 1:
            terminalreporter.line(f"{report.nodeid.partition('[')[2]} {attempts} attempts")
    if left := config.stash.get(LEFT_BEHIND, []):
        terminalreporter.section("left behind", red=True)
        for line in left:
            terminalreporter.line(line)
