"""What a run was asked to do, and which program is meant.

Kernel facts that finding the program rests on (execve(2); fs/exec.c of Linux 6.18):

- a file that begins neither as ELF nor with ``#!`` gives ENOEXEC, upon which execvp(3) and the
  shells take it for a shell script;
- an interpreter is named in the first 256 bytes, at most five deep, and never looked up in PATH;
- set-user-ID bits and file capabilities are ignored on scripts, on ``nosuid`` mounts, under
  no_new_privs, and while a tracer without CAP_SYS_PTRACE looks on. Only the last would be the doing
  of mvx, so there it refuses.
"""

from __future__ import annotations

import contextlib
import os
import stat
from typing import TYPE_CHECKING, BinaryIO, Literal, NamedTuple, get_args

from mvx import diversity, errors

if TYPE_CHECKING:
    from pathlib import Path

Policy = Literal["strict", "effects", "stream"]
Verify = Literal["sensitive", "effects", "all"]
OnDivergence = Literal["stop", "drop", "observe"]
OnCrash = Literal["ignore", "tell", "stop"]
Pids = Literal["auto", "namespace", "translate"]
Wait = Literal["auto", "spin", "sleep"]
Rdtsc = Literal["auto", "trap", "known"]
Threads = Literal["auto", "serial", "serial-shared", "ordered", "parallel"]
SignalPoints = Literal["any", "exact", "calls"]
Signals = Literal["leader", "quorum"]

POLICIES: tuple[Policy, ...] = get_args(Policy)
VERIFICATIONS: tuple[Verify, ...] = get_args(Verify)
ON_DIVERGENCE: tuple[OnDivergence, ...] = get_args(OnDivergence)
ON_CRASH: tuple[OnCrash, ...] = get_args(OnCrash)
PIDS: tuple[Pids, ...] = get_args(Pids)
WAITS: tuple[Wait, ...] = get_args(Wait)
RDTSCS: tuple[Rdtsc, ...] = get_args(Rdtsc)
THREADS: tuple[Threads, ...] = get_args(Threads)
SIGNAL_POINTS: tuple[SignalPoints, ...] = get_args(SignalPoints)
SIGNALS: tuple[Signals, ...] = get_args(Signals)

SIGNAL_QUORUM_DEFAULT = 0.5
SIGNAL_WAIT_DEFAULT = 1_000_000_000
SIGNAL_WAIT_MAX = 2**63 - 1
VARIANTS_DEFAULT = 2
VARIANTS_MAX = 16
WATCHDOG_DEFAULT_S = 60.0
SEED_MAX = 2**64 - 1

SHEBANG_BYTES = 256  # BINPRM_BUF_SIZE
SHEBANG_DEPTH = 5
ELFCLASS64 = 2
EM_386, EM_X86_64 = 3, 62
ET_EXEC, ET_DYN = 2, 3
PT_INTERP = 3
CAP_SYS_PTRACE = 19
PATH_MAX = 4096


class Options(NamedTuple):
    """The options of `mvx run`, checked, and the program found."""

    program: str
    """The path to execute: found as shells do, not made absolute: programs can see it."""
    arguments: tuple[str, ...]
    """The program's arguments, argv[0] included; bytes that are no UTF-8 are surrogate escapes."""
    programs: tuple[str, ...] = ()
    """What the followers execute instead of the program, in their order."""
    variants: int = VARIANTS_DEFAULT
    diversify: tuple[str, ...] = diversity.DEFAULT
    """In what the variants differ."""
    allocators: tuple[str, ...] = ()
    """Libraries whose allocators the followers use, in turn, or "glibc": see allocators.py."""
    policy: Policy = "effects"
    """When the leader waits for the followers."""
    verify: Verify = "sensitive"
    """Which calls the supervisor verifies from outside."""
    on_divergence: OnDivergence = "stop"
    """What happens to a run whose variants disagree."""
    on_crash: OnCrash = "ignore"
    """What happens when a process crashes in all variants alike."""
    rules: tuple[Path, ...] = ()
    """Files of rules: differences that are none."""
    calibrate: Path | None = None
    """Where to write the rules that a run without divergences would need."""
    patch: bool = True
    """Whether call sites may be patched; without, every call takes the trap."""
    site_cache: bool = True
    """Whether sites that trapped in earlier runs are taken from the user's cache, and kept there.
    """
    pids: Pids = "auto"
    """How followers get the leader's process numbers."""
    wait: Wait = "auto"
    """How variants wait for each other."""
    rdtsc: Rdtsc = "auto"
    """How the variants' time stamp counter is the leader's: see timestamps.py. `trap`: every
    instruction that reads it faults; `known`: only those do that are found in files.
    """
    threads: Threads = "auto"
    """How the variants' threads agree on an order."""
    trace: Path | None = None
    """Where to write every call as text."""
    report: Path | None = None
    """Where to write the report of a divergence as JSON."""
    status_file: Path | None = None
    """Where to write one line of JSON that says how the run ended."""
    signals: Signals = "leader"
    """Whether the leader's signals count, or every variant's own."""
    signal_quorum: float = SIGNAL_QUORUM_DEFAULT
    """The share of the variants that must have got a signal before it is delivered."""
    signal_wait: int = SIGNAL_WAIT_DEFAULT
    """For how many iterations of a loop a variant waits for its own copy then."""
    signal_points: SignalPoints = "any"
    """Where signals are delivered: also between calls, or only at calls."""
    signals_stats: bool = False
    """Whether to print the signals' delays at the end."""
    statistics: Path | None = None
    """Where to write what the run cost and did, as JSON; `-` alone: as text to standard error."""
    timeout_s: float | None = None
    """The run is ended after this time."""
    watchdog_s: float = WATCHDOG_DEFAULT_S
    """A variant that does not arrive at a rendezvous within this time has diverged."""
    seed: int | None = None
    """From which everything random in mvx follows; None: take a fresh one."""


# Finding the program


def find_program(words: list[str]) -> tuple[str, tuple[str, ...]]:
    """Find the program as execvp(3) does; return the path to execute and its arguments.

    Raises ProgramNotFound, ProgramNotExecutable, or UnsupportedProgram where only mvx cannot.
    """
    name = words[0]
    found = name if "/" in name else search(name)
    check_executable(found, found)
    if check_format(found, found):
        return found, tuple(words)
    shell = "/bin/sh"
    check_executable(shell, found)
    return shell, (shell, found, *words[1:])


def find_variants(words: list[str]) -> tuple[str, ...]:
    """Check the files that followers execute; raises as find_program does.

    Scripts are refused: their interpreter would see another name in each variant.
    """
    from mvx.elf import is_elf  # not needed for --version

    for name in words:
        check_executable(name, name)
        if not is_elf(name):
            raise errors.UnsupportedProgram(
                f"{name}: a variant that is no ELF program",
                fix="name an x86-64 program, not a script",
            )
        check_format(name, name)
    return tuple(words)


def search(name: str) -> str:
    """Find a name without a slash in PATH."""
    denied = None
    for folder in os.environ.get("PATH", "/bin:/usr/bin").split(":"):
        candidate = f"{folder}/{name}" if folder else name
        try:
            if name and stat.S_ISREG(os.stat(candidate).st_mode):
                if os.access(candidate, os.X_OK, effective_ids=True):
                    return candidate
                denied = denied or candidate
        except OSError:
            continue
    if denied is not None:
        return denied  # and check_executable says why
    here = f"to run the one in this directory: ./{name}" if name and os.path.isfile(name) else None
    raise errors.ProgramNotFound(
        f"{name or repr(name)}: not found in PATH",
        fix=here or "check the spelling, install it, or give its path",
    )


def check_executable(file: str, asked: str) -> None:
    """Raise the error that says why the kernel would not execute this file, or mvx could not."""
    role = f"{asked}: its interpreter {file}" if file != asked else file
    try:
        status = os.stat(file)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise errors.ProgramNotFound(
            f"{role}: {error.strerror}",
            fix="check the spelling" if file == asked else f"install {file}, or name another",
        ) from None
    except OSError as error:
        raise errors.ProgramNotExecutable(
            f"{role}: {error.strerror}", fix="check the path"
        ) from None
    if stat.S_ISDIR(status.st_mode):
        raise errors.ProgramNotExecutable(f"{role}: is a directory", fix="name a program in it")
    if not stat.S_ISREG(status.st_mode):
        raise errors.ProgramNotExecutable(f"{role}: not a regular file", fix="name a program")
    if not os.access(file, os.X_OK, effective_ids=True):
        raise errors.ProgramNotExecutable(
            f"{role}: Permission denied",
            fix=f"chmod +x {file}; if it has that already, its file system is mounted noexec",
        )
    if not os.access(file, os.R_OK, effective_ids=True):
        raise errors.UnsupportedProgram(
            f"{role}: may be executed but not read, and the kernel hides such a program from mvx",
            fix=f"chmod +r {file}, or run mvx as a user who may read it",
        )


def check_format(file: str, asked: str, depth: int = 0) -> bool:
    """Return whether the kernel can execute the file; False when execvp(3) gives it to a shell."""
    from mvx.elf import MAGIC  # not needed for --version

    try:
        with open(file, "rb") as stream:
            start = stream.read(SHEBANG_BYTES)
            if start.startswith(MAGIC):
                check_elf(stream, asked)
    except (OSError, OverflowError, ValueError):  # unreadable after all, or impossible offsets
        raise not_a_program(asked) from None
    if start.startswith(MAGIC):
        check_privilege(file, asked)
        return True
    if not start.startswith(b"#!"):
        if depth or b"\0" in start.partition(b"\n")[0]:
            raise not_a_program(asked)
        return False
    line = start[2:].partition(b"\n")[0].partition(b"\0")[0]
    interpreter = os.fsdecode(line.replace(b"\t", b" ").strip(b" ").partition(b" ")[0])
    if not interpreter or depth == SHEBANG_DEPTH:
        raise not_a_program(asked)
    check_executable(interpreter, asked)
    return check_format(interpreter, asked, depth + 1)


def check_elf(stream: BinaryIO, asked: str) -> None:
    """Raise the error for an ELF file that is not a complete x86-64 program."""
    stream.seek(0)
    from mvx.elf import HEADER, PROGRAM_HEADER  # not needed for --version

    header = stream.read(HEADER.size)
    if len(header) < HEADER.size:
        raise not_a_program(asked)
    ident, kind, machine, _, _, offset, _, _, _, entry_size, count, *_ = HEADER.unpack(header)
    if ident[4] != ELFCLASS64 or machine != EM_X86_64:
        what = {EM_386: "a 32-bit program", EM_X86_64: "a program of the x32 ABI"}
        raise errors.UnsupportedProgram(
            f"{asked}: is {what.get(machine, f'a program for another machine (ELF {machine})')},"
            " and mvx runs x86-64 programs",
            fix="use an x86-64 build of it",
        )
    if kind not in {ET_EXEC, ET_DYN} or entry_size != PROGRAM_HEADER.size:
        raise not_a_program(asked)
    stream.seek(offset)
    table = stream.read(count * PROGRAM_HEADER.size)
    if len(table) < count * PROGRAM_HEADER.size:
        raise not_a_program(asked)
    for segment_type, _, place, _, _, size, *_ in PROGRAM_HEADER.iter_unpack(table):
        if segment_type == PT_INTERP:
            stream.seek(place)
            loader = stream.read(min(size, PATH_MAX)).partition(b"\0")[0]
            check_executable(os.fsdecode(loader), asked)


def check_privilege(file: str, asked: str) -> None:
    """Raise UnsupportedProgram for one that natively would gain rights, and traced would not."""
    status = os.stat(file)
    gains = []
    if status.st_mode & stat.S_ISUID and status.st_uid != os.geteuid():
        gains.append("set-user-ID")
    # Without the group's execute bit, set-group-ID asks for mandatory locking.
    group = stat.S_ISGID | stat.S_IXGRP
    if status.st_mode & group == group and status.st_gid != os.getegid():
        gains.append("set-group-ID")
    with contextlib.suppress(OSError):  # a file system without attributes, or a file without this
        os.getxattr(file, "security.capability")
        gains.append("file capabilities")
    if not gains or os.statvfs(file).f_flag & os.ST_NOSUID:
        return
    if capable(CAP_SYS_PTRACE) or own_status().get("NoNewPrivs") == "1":
        return
    raise errors.UnsupportedProgram(
        f"{asked}: gains rights when executed ({', '.join(gains)}),"
        " which the kernel denies to a traced program",
        fix="run mvx as root, or use a copy of the program without that",
    )


def not_a_program(asked: str) -> errors.ProgramNotExecutable:
    """Return the error for a file that the kernel does not know how to execute."""
    return errors.ProgramNotExecutable(
        f"{asked}: Exec format error", fix="name an x86-64 program, or a script with a `#!` line"
    )


def own_status() -> dict[str, str]:
    """Return the fields of /proc/self/status (proc_pid_status(5))."""
    with open("/proc/self/status", encoding="ascii", errors="replace") as lines:
        fields = (line.partition(":") for line in lines)
        return {name: value.strip() for name, _, value in fields}


def capable(capability: int) -> bool:
    """Return whether this process has a capability in effect."""
    return bool(int(own_status()["CapEff"], 16) >> capability & 1)
