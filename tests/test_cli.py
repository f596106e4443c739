"""The command line: what is refused and how, which program is found, how mvx ends."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import mvx
from mvx import errors, options
from mvx.elf import HEADER, PROGRAM_HEADER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import Unprivileged

# `mvx`, with a supervisor that does what the first argument says and prints its options.
LAUNCHER = """
import json, sys, types
from mvx import cli, errors
from mvx.outcome import Outcome

def run(options):
    print(json.dumps(options._asdict(), default=str))
    return eval(sys.argv[1])

fake = sys.modules["mvx.supervisor"] = types.ModuleType("mvx.supervisor")
fake.run = run
sys.exit(cli.main(sys.argv[2:]))
"""


def outcome(kind: str, code: int) -> str:
    return f"Outcome({kind!r}, {code})"


def throw(error: str) -> str:
    return f"(_ for _ in ()).throw({error})"


def mvx_run(command: list[str], *words: str, **more: Any) -> subprocess.CompletedProcess[str]:
    more = {"capture_output": True, "text": True, "timeout": 60} | more
    return subprocess.run([*command, *words], check=False, **more)


def launch(action: str, *words: str, **more: Any) -> subprocess.CompletedProcess[str]:
    """Run `mvx WORDS` with a supervisor that evaluates `action`."""
    return mvx_run([sys.executable, "-c", LAUNCHER, action], *words, **more)


def assert_one_error(
    result: subprocess.CompletedProcess[str], code: int, identifier: str, words: str
) -> None:
    """The user sees one error in two lines, naming the thing and the fix, and nothing else."""
    assert result.stdout == ""
    first, second = result.stderr.splitlines()
    assert first.startswith("mvx: error: ")
    assert first.endswith(f" [{identifier}]")
    assert words in first
    assert second.startswith("  fix: ")
    assert result.returncode == code


BAD_COMMAND_LINES = [
    ("", "required: COMMAND"),
    ("juggle", "invalid choice: 'juggle'"),
    ("--versio", "required: COMMAND"),
    ("run", "no program given"),
    ("run --", "no program given"),
    ("run -n 0 -- true", "0 is not between 1 and 16"),
    ("run -n 17 -- true", "17 is not between 1 and 16"),
    ("run -n -1 -- true", "-1 is not between 1 and 16"),
    ("run -n two -- true", "'two' is not a whole number"),
    ("run -n", "expected one argument"),
    ("run --polcy strict -- true", "unknown option --polcy"),
    ("run --pol strict -- true", "unknown option --pol"),
    ("run --policy lax -- true", "invalid choice: 'lax'"),
    ("run --verify none -- true", "invalid choice: 'none'"),
    ("run --pids mine -- true", "invalid choice: 'mine'"),
    ("run --timeout 0 -- true", "0 is not a time longer than 0"),
    ("run --timeout nan -- true", "nan is not a time longer than 0"),
    ("run --watchdog inf -- true", "inf is not a time longer than 0"),
    ("run --watchdog soon -- true", "'soon' is not a number of seconds"),
    ("run --seed 18446744073709551616 -- true", "is not between 0 and"),
    ("run --seed -1 -- true", "-1 is not between 0 and"),
    ("doctor --xml", "unknown option --xml"),
    ("doctor -- true", "unknown argument true"),
    ("syscalls --format xml", "invalid choice: 'xml'"),
    ("report", "required: FILE"),
]


@pytest.mark.parametrize(("line", "words"), BAD_COMMAND_LINES)
def test_bad_command_line(mvx_command: list[str], line: str, words: str) -> None:
    assert_one_error(mvx_run(mvx_command, *line.split()), 125, "MVX-E101", words)


@pytest.mark.parametrize(("line", "words"), BAD_COMMAND_LINES[:6])
def test_bad_command_line_unprivileged(unprivileged: Unprivileged, line: str, words: str) -> None:
    result = mvx_run(unprivileged.command, *line.split(), **unprivileged.options)
    assert_one_error(result, 125, "MVX-E101", words)


@pytest.mark.parametrize("option", ["--report", "--trace", "--status-file"])
def test_file_that_cannot_be_written(mvx_command: list[str], option: str, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    for target, word in (
        (tmp_path / "missing" / "x", "No such file or directory"),
        (tmp_path, "Is a directory"),
        (file / "x", "Not a directory"),
    ):
        result = mvx_run(mvx_command, "run", option, str(target), "--", "true")
        assert_one_error(result, 125, "MVX-E108", f"cannot write {target}: {word}")
    result = mvx_run(mvx_command, "run", option, "", "--", "true")
    assert_one_error(result, 125, "MVX-E101", "empty")


def test_file_that_may_not_be_written(unprivileged: Unprivileged) -> None:
    result = mvx_run(
        unprivileged.command, "run", "--report", "/etc/x", "--", "true", **unprivileged.options
    )
    assert_one_error(result, 125, "MVX-E108", "cannot write /etc/x: Permission denied")


# Programs


def elf(kind: int = 3, machine: int = 62, bits: int = 2, loader: bytes = b"") -> bytes:
    """Make the first bytes of an ELF file, with one segment that names a loader."""
    ident = b"\x7fELF" + bytes([bits, 1, 1]) + bytes(9)
    header = HEADER.pack(ident, kind, machine, 1, 0, 64, 0, 0, 64, 56, 1 if loader else 0, 0, 0, 0)
    segment = PROGRAM_HEADER.pack(3, 4, 120, 0, 0, len(loader), len(loader), 1)
    return header + (segment + loader if loader else b"")


# content, mode, exit status, identifier, words, whether the kernel refuses it too
BROKEN_PROGRAMS = {
    "not-executable": (b"#!/bin/sh\n", 0o644, 126, "MVX-E103", "Permission denied", True),
    "binary": (b"\x01\0\x02\n", 0o755, 126, "MVX-E103", "Exec format error", True),
    "truncated": (b"\x7fELF\x02\x01", 0o755, 126, "MVX-E103", "Exec format error", True),
    "object": (elf(kind=1), 0o755, 126, "MVX-E103", "Exec format error", True),
    "arm": (elf(machine=183), 0o755, 126, "MVX-E104", "another machine (ELF 183)", True),
    "32-bit": (elf(machine=3, bits=1), 0o755, 126, "MVX-E104", "32-bit program", False),
    "x32": (elf(bits=1), 0o755, 126, "MVX-E104", "x32 ABI", False),
    "no-loader": (elf(loader=b"/no/ld.so\0"), 0o755, 127, "MVX-E102", "/no/ld.so", True),
    "no-interpreter": (b"#!/no/such -x\n", 0o755, 127, "MVX-E102", "/no/such: No such", True),
    "dos": (b"#!/bin/sh\r\ntrue\r\n", 0o755, 127, "MVX-E102", "/bin/sh\r: No such", True),
    "directory-interpreter": (b"#!/\n", 0o755, 126, "MVX-E103", "/: is a directory", True),
    "no-name": (b"#! \n", 0o755, 126, "MVX-E103", "Exec format error", False),
}


@pytest.mark.parametrize("name", BROKEN_PROGRAMS)
def test_broken_program(mvx_command: list[str], tmp_path: Path, name: str) -> None:
    content, mode, code, identifier, words, refused = BROKEN_PROGRAMS[name]
    program = tmp_path / name
    program.write_bytes(content)
    program.chmod(mode)
    result = mvx_run(mvx_command, "run", "--", str(program), text=False)
    result.stderr = result.stderr.decode().replace("\r", "<CR>")
    result.stdout = result.stdout.decode()
    assert_one_error(result, code, identifier, words.replace("\r", "<CR>"))
    if refused:
        shell = subprocess.run(["bash", "-c", '"$0"', program], capture_output=True, check=False)
        assert shell.returncode == code


def test_program_not_found(mvx_command: list[str], tmp_path: Path) -> None:
    for name, words in (
        ("no-such-program", "no-such-program: not found in PATH"),
        ("", "'': not found in PATH"),
        ("/no/such", "/no/such: No such file"),
        ("/bin/true/x", "/bin/true/x: Not a directory"),
    ):
        assert_one_error(mvx_run(mvx_command, "run", "--", name), 127, "MVX-E102", words)
    (tmp_path / "here").touch(0o755)
    result = mvx_run(mvx_command, "run", "--", "here", cwd=tmp_path)
    assert_one_error(result, 127, "MVX-E102", "here: not found")
    assert "./here" in result.stderr


def test_directory_device_and_loop(mvx_command: list[str], tmp_path: Path) -> None:
    assert_one_error(mvx_run(mvx_command, "run", "--", "/"), 126, "MVX-E103", "is a directory")
    result = mvx_run(mvx_command, "run", "--", "/dev/null")
    assert_one_error(result, 126, "MVX-E103", "not a regular file")
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    result = mvx_run(mvx_command, "run", "--", str(loop))
    assert_one_error(result, 126, "MVX-E103", "Too many levels of symbolic links")
    script = tmp_path / "self"
    script.write_text(f"#!{script}\n")
    script.chmod(0o755)
    assert_one_error(
        mvx_run(mvx_command, "run", "--", str(script)), 126, "MVX-E103", "Exec format error"
    )


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that everybody can reach (those of pytest are the user's own)."""
    folder = Path(tempfile.mkdtemp(prefix="open-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to make programs of other users")
@pytest.mark.parametrize(
    ("mode", "words"),
    [
        (0o4755, "gains rights when executed (set-user-ID)"),
        (0o2755, "gains rights when executed (set-group-ID)"),
        (0o6755, "gains rights when executed (set-user-ID, set-group-ID)"),
        (0o711, "may be executed but not read"),
    ],
)
def test_program_beyond_the_user(
    unprivileged: Unprivileged, open_folder: Path, mode: int, words: str
) -> None:
    program = open_folder / "program"
    shutil.copy("/bin/true", program)
    program.chmod(mode)
    script = open_folder / "script"
    script.write_text(f"#!{program}\n")
    script.chmod(0o755)
    for asked in (program, script):
        result = mvx_run(unprivileged.command, "run", "--", str(asked), **unprivileged.options)
        assert_one_error(result, 126, "MVX-E104", words)
    assert options.find_program([str(program)])[0] == str(program)  # root has the right


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to set capabilities")
def test_program_with_capabilities(unprivileged: Unprivileged, open_folder: Path) -> None:
    program = open_folder / "program"
    shutil.copy("/bin/true", program)
    program.chmod(0o755)
    cap_net_raw = struct.pack("<IIIII", 0x02000001, 1 << 13, 0, 0, 0)
    os.setxattr(program, "security.capability", cap_net_raw)
    result = mvx_run(unprivileged.command, "run", "--", str(program), **unprivileged.options)
    assert_one_error(result, 126, "MVX-E104", "gains rights when executed (file capabilities)")


def test_found_like_a_shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    for folder, mode in ((first, 0o644), (second, 0o755)):
        (folder / "tool").mkdir(parents=True)  # a directory of that name is passed over
        (folder / "tool").rmdir()
        (folder / "tool").write_text("#!/bin/sh\n")
        (folder / "tool").chmod(mode)
    (first / "true").mkdir()
    monkeypatch.chdir(second)
    find = options.find_program
    monkeypatch.setenv("PATH", f"/no/such:{first}:{second}")
    assert find(["tool", "x"]) == (f"{second}/tool", ("tool", "x"))
    monkeypatch.setenv("PATH", f"{first}:")
    assert find(["tool"])[0] == "tool"  # an empty entry is the working directory
    monkeypatch.setenv("PATH", f"{first}:/bin")
    assert find(["true"])[0] == "/bin/true"
    with pytest.raises(errors.ProgramNotExecutable, match=f"{first}/tool: Permission denied"):
        find(["tool"])
    monkeypatch.delenv("PATH")
    assert find(["true"])[0] == "/bin/true"
    assert find(["./tool"]) == ("./tool", ("./tool",))


def test_script_without_interpreter_goes_to_the_shell(tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_text("echo $0 $1\n")
    script.chmod(0o755)
    path = str(script)
    assert options.find_program([path, "x"]) == ("/bin/sh", ("/bin/sh", path, "x"))
    script.write_text("")
    assert options.find_program([path]) == ("/bin/sh", ("/bin/sh", path))


def check_any(content: bytes) -> None:
    with tempfile.NamedTemporaryFile(prefix="any-", delete=False) as stream:
        stream.write(content)
    os.chmod(stream.name, 0o755)
    try:
        options.find_program([stream.name])
    except (errors.ProgramNotFound, errors.ProgramNotExecutable, errors.UnsupportedProgram):
        pass
    finally:
        os.unlink(stream.name)


@given(st.sampled_from([b"", b"#!", b"#!/bin/sh", b"\x7fELF"]), st.binary(max_size=300))
def test_any_file_is_taken_or_refused(start: bytes, tail: bytes) -> None:
    check_any(start + tail)


@given(st.binary(min_size=32, max_size=32), st.binary(max_size=200))
def test_any_elf_header_is_taken_or_refused(fields: bytes, tail: bytes) -> None:
    check_any(elf()[:32] + fields + tail)


@example(1 << 63, 0, 1)
@example((1 << 63) - 1, 1 << 63, 1)
@given(st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1), st.integers(0, 9))
def test_any_segment_is_taken_or_refused(place: int, size: int, count: int) -> None:
    whole = bytearray(elf(loader=b"/bin/sh\0"))
    struct.pack_into("<Q", whole, 64 + 8, place)
    struct.pack_into("<Q", whole, 64 + 32, size)
    struct.pack_into("<H", whole, 56, count)
    check_any(bytes(whole))


# Options


def options_seen(*words: str, **more: Any) -> dict[str, Any]:
    result = launch(outcome("exited", 0), "run", *words, **more)
    assert (result.returncode, result.stderr) == (0, "")
    seen: dict[str, Any] = json.loads(result.stdout)
    return seen


def test_defaults() -> None:
    seen = options_seen("--", "/bin/true")
    assert seen == {
        "program": "/bin/true",
        "arguments": ["/bin/true"],
        "programs": [],
        "variants": 2,
        "allocators": [],
        "diversify": ["layout", "stack", "canary"],
        "policy": "effects",
        "verify": "sensitive",
        "on_crash": "ignore",
        "on_divergence": "stop",
        "rules": [],
        "calibrate": None,
        "patch": True,
        "site_cache": True,
        "pids": "auto",
        "threads": "auto",
        "wait": "auto",
        "rdtsc": "auto",
        "trace": None,
        "report": None,
        "status_file": None,
        "statistics": None,
        "signals": "leader",
        "signal_quorum": 0.5,
        "signal_wait": 1_000_000_000,
        "signal_points": "any",
        "signals_stats": False,
        "timeout_s": None,
        "watchdog_s": 60.0,
        "seed": None,
    }


def test_every_option(tmp_path: Path) -> None:
    words = "-n 3 --policy strict --verify all --no-patch --pids translate --trace t --report r"
    more = (
        "--diversify canary,layout --status-file s --timeout 1.5 --watchdog 2 --seed 0x10 -- true"
    )
    more = f"--on-divergence drop --on-crash tell --rules r.toml {more}"
    seen = options_seen(*words.split(), *more.split(), cwd=tmp_path)
    assert seen["arguments"] == ["true"]
    assert (seen["variants"], seen["policy"], seen["verify"]) == (3, "strict", "all")
    assert seen["on_crash"] == "tell"
    assert (seen["on_divergence"], seen["rules"]) == ("drop", [f"{tmp_path}/r.toml"])
    assert seen["diversify"] == ["layout", "canary"]
    assert (seen["patch"], seen["pids"]) == (False, "translate")
    assert (seen["trace"], seen["report"]) == (f"{tmp_path}/t", f"{tmp_path}/r")
    assert (seen["timeout_s"], seen["watchdog_s"], seen["seed"]) == (1.5, 2.0, 16)


@pytest.mark.parametrize(
    ("line", "arguments"),
    [
        ("-- tar -x -- f", "tar -x -- f"),
        ("tar -x f", "tar -x f"),
        ("-n 2 tar --policy x -n 9", "tar --policy x -n 9"),
        ("tar -x -- -n", "tar -x -- -n"),
        ("-- echo --", "echo --"),
        ("-- echo -- --", "echo -- --"),
        ("-n2 -- echo -n 3", "echo -n 3"),
    ],
)
def test_the_program_keeps_its_words(line: str, arguments: str) -> None:
    assert options_seen(*line.split())["arguments"] == arguments.split()


def test_words_that_are_no_text() -> None:
    # Latin-1 bytes go through as they are.
    result = subprocess.run(
        [sys.executable, "-c", LAUNCHER, outcome("exited", 0), "run", "--", "echo", b"\xe9\xff"],
        capture_output=True,
        check=True,
    )
    assert os.fsencode(json.loads(result.stdout)["arguments"][1]) == b"\xe9\xff"


@pytest.mark.parametrize("given", [{}, {"LC_CTYPE": "C.UTF-8"}, {"LANG": "C"}, {"LC_ALL": "C"}])
def test_the_program_keeps_its_environment(given: dict[str, str]) -> None:
    place = str(Path(mvx.__file__).parent.parent)
    environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": place, **given}
    action = "(print(dict(__import__('os').environ)), Outcome('exited', 0))[1]"
    result = launch(action, "run", "--", "/bin/true", env=environment)
    assert result.stdout.splitlines()[1] == repr(environment)


# Endings


@pytest.mark.parametrize("code", [0, 1, 3, 121, 124, 125, 126, 127, 255])
def test_exit_status_passes_through(tmp_path: Path, code: int) -> None:
    status = tmp_path / "status"
    result = launch(outcome("exited", code), "run", "--status-file", str(status), "--", "true")
    assert result.returncode == code
    assert status.read_text() == f'{{"outcome":"exited","code":{code}}}\n'


@pytest.mark.parametrize(("kind", "code"), [("divergence", 121), ("timeout", 124), ("failed", 125)])
def test_own_exit_status(tmp_path: Path, kind: str, code: int) -> None:
    status = tmp_path / "status"
    result = launch(outcome(kind, code), "run", "--status-file", str(status), "--", "true")
    assert result.returncode == code
    assert json.loads(status.read_text()) == {"outcome": kind, "code": code}


@pytest.mark.parametrize(
    "name", ["HUP", "INT", "QUIT", "KILL", "SEGV", "PIPE", "ALRM", "TERM", "USR1", "SYS"]
)
def test_death_by_signal_passes_through(tmp_path: Path, name: str) -> None:
    number = int(getattr(signal, f"SIG{name}"))
    words = ("run", "--status-file", "status", "--", "true")
    result = launch(outcome("signaled", number), *words, cwd=tmp_path)
    assert result.returncode == -number
    assert result.stdout != ""  # what was printed before is not lost
    assert sorted(os.listdir(tmp_path)) == ["status"]  # no core file
    assert json.loads((tmp_path / "status").read_text()) == {"outcome": "signaled", "code": number}


def test_death_by_real_time_signal() -> None:
    assert launch(outcome("signaled", 34), "run", "--", "true").returncode == -34


def test_death_by_blocked_and_ignored_signal() -> None:
    def hide() -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})

    result = launch(outcome("signaled", signal.SIGTERM), "run", "--", "true", preexec_fn=hide)
    assert result.returncode == -signal.SIGTERM


FAILURES = [
    (throw("ValueError('odd')"), "ValueError: odd", 125, "MVX-E106"),
    (throw("OSError(28, 'full')"), "full", 125, "MVX-E106"),
    (throw("errors.KernelLacks('no ptrace')"), "no ptrace", 125, "MVX-E105"),
    (throw("MemoryError()"), "MemoryError", 125, "MVX-E106"),
]


@pytest.mark.parametrize(("action", "words", "code", "identifier"), FAILURES)
def test_failure_is_one_error(
    tmp_path: Path, action: str, words: str, code: int, identifier: str
) -> None:
    status = tmp_path / "status"
    command = ("run", "--status-file", str(status), "--", "true")
    result = launch(action, *command)
    result.stdout = ""  # the options that the fake supervisor prints
    assert_one_error(result, code, identifier, words)
    assert json.loads(status.read_text()) == {"outcome": "failed", "code": code}
    result = launch(action, *command, env={**os.environ, "MVX_DEBUG": "1"})
    assert "Traceback (most recent call last)" in result.stderr
    assert result.returncode == code


def test_interrupt_is_a_death_by_interrupt() -> None:
    result = launch(throw("KeyboardInterrupt()"), "run", "--", "true")
    assert (result.returncode, result.stderr) == (-signal.SIGINT, "")


def test_status_of_a_program_not_found(mvx_command: list[str], tmp_path: Path) -> None:
    status = tmp_path / "status"
    status.write_text("old")
    assert mvx_run(mvx_command, "run", "--status-file", str(status), "--", "no-such").returncode
    assert json.loads(status.read_text()) == {"outcome": "failed", "code": 127}


def test_killed_mvx_leaves_no_old_status(tmp_path: Path) -> None:
    status = tmp_path / "status"
    status.write_text("old")
    kill = "__import__('os').kill(__import__('os').getpid(), 9)"
    result = launch(kill, "run", "--status-file", str(status), "--", "true")
    assert result.returncode == -signal.SIGKILL
    assert status.read_text() == ""


# The rest


def test_version(mvx_command: list[str]) -> None:
    result = mvx_run(mvx_command, "--version")
    expected = (0, f"mvx {mvx.__version__}\n", "")
    assert (result.returncode, result.stdout, result.stderr) == expected


def test_version_loads_nothing_heavy() -> None:
    code = (
        "import sys; before = set(sys.modules); from mvx import cli; cli.main(['--version']);"
        " print(*sorted(set(sys.modules) - before), file=sys.stderr)"
    )
    result = subprocess.run(
        [sys.executable, "-S", "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(Path(mvx.__file__).parent.parent)},
    )
    loaded = set(result.stderr.split())
    heavy = {"asyncio", "ctypes", "elftools", "json", "rich", "socket", "subprocess", "typing_ext"}
    assert not loaded & heavy
    own = {name for name in loaded if name.startswith("mvx.")}
    own -= {"mvx.cli", "mvx.arguments", "mvx.output", "mvx.options", "mvx.diversity", "mvx.errors"}
    assert not own


def test_run_loads_nothing_heavy() -> None:
    """Every run pays for what it loads: dataclasses alone, with what it loads, takes as long as
    forty of mvx's own modules.
    """
    code = (
        "import sys; before = set(sys.modules); from mvx import cli; cli.main(sys.argv[1:]);"
        " print(*sorted(set(sys.modules) - before), file=sys.stderr)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, "run", "-n", "2", "--", "true"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    heavy = {"asyncio", "dataclasses", "elftools", "inspect", "rich", "subprocess", "tomllib"}
    assert "mvx.supervisor" in run.stderr
    assert not set(run.stderr.split()) & heavy


def test_help_names_every_option(mvx_command: list[str]) -> None:
    result = mvx_run(mvx_command, "run", "--help")
    assert result.returncode == 0
    names = "n policy verify no-patch pids wait trace report status-file timeout watchdog seed"
    for name in names.split():
        option = f"-{name}" if len(name) == 1 else f"--{name}"
        assert re.search(rf"^\s+{option}\b", result.stdout, re.MULTILINE)


BUFFERED = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
BUFFERINGS = [BUFFERED, {**BUFFERED, "PYTHONUNBUFFERED": "1"}]


@pytest.mark.parametrize("env", BUFFERINGS, ids=["buffered", "unbuffered"])
@pytest.mark.parametrize("option", ["--help", "--version"])
def test_reader_that_went_away(mvx_command: list[str], option: str, env: dict[str, str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    streams = {"capture_output": False, "stdout": writer, "stderr": subprocess.PIPE}
    result = mvx_run(mvx_command, option, env=env, **streams)
    os.close(writer)
    assert (result.returncode, result.stderr) == (-signal.SIGPIPE, "")


@pytest.mark.parametrize("env", BUFFERINGS, ids=["buffered", "unbuffered"])
@pytest.mark.parametrize("option", ["--help", "--version"])
def test_full_disk(mvx_command: list[str], option: str, env: dict[str, str]) -> None:
    with open("/dev/full", "w") as full:
        streams = {"capture_output": False, "stdout": full, "stderr": subprocess.PIPE}
        result = mvx_run(mvx_command, option, env=env, **streams)
    result.stdout = ""
    assert_one_error(result, 125, "MVX-E108", "standard output: No space left on device")


def test_closed_streams(mvx_command: list[str]) -> None:
    for closed in ("<&-", ">&-", "2>&-", "<&- >&- 2>&-"):
        line = f'"$0" -m mvx run -- no-such {closed}'
        result = subprocess.run(
            ["sh", "-c", line, mvx_command[0]], capture_output=True, check=False
        )
        assert result.returncode == 127
        assert b"Traceback" not in result.stderr


def test_working_directory_that_is_gone(mvx_command: list[str], tmp_path: Path) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    line = 'rmdir "$1"; exec "$0" -P -m mvx run --report r -- true'
    result = subprocess.run(
        ["sh", "-c", line, mvx_command[0], folder], cwd=folder, capture_output=True, check=False
    )
    assert b"the working directory: No such file" in result.stderr
    assert result.returncode == 125


def test_errors_are_told_apart() -> None:
    def family(kind: type[errors.MvxError]) -> list[type[errors.MvxError]]:
        return [kind] + [one for child in kind.__subclasses__() for one in family(child)]

    kinds = [kind for kind in family(errors.MvxError) if kind.__module__ == "mvx.errors"]
    identifiers = [kind.identifier for kind in kinds]
    assert len(set(identifiers)) == len(identifiers)
    assert all(re.fullmatch(r"MVX-E\d{3}", identifier) for identifier in identifiers)
    assert {kind.exit_code for kind in kinds} == {125, 126, 127}
    assert errors.MvxError("a thing", fix="so").format() == (
        "mvx: error: a thing [MVX-E100]\n  fix: so"
    )
    assert errors.MvxError("a thing").format() == "mvx: error: a thing [MVX-E100]"


def test_why_ptrace_is_refused_is_said_once(mvx_command: list[str]) -> None:
    trace_me = "libc.ptrace(0, 0, 0, 0)"
    code = f"import ctypes; libc = ctypes.CDLL(None); print({trace_me}, {trace_me})"
    process = mvx_run(mvx_command, "run", "-n", "2", "--", sys.executable, "-c", code)
    assert (process.returncode, process.stdout) == (0, "-1 -1\n")
    assert process.stderr.count("ptrace refused (Operation not permitted): ") == 1
