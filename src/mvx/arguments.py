"""The options of the command line: what they are called, what they may be, and what each is for."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from mvx import __version__, errors
from mvx.output import put

if TYPE_CHECKING:
    from collections.abc import Callable


class Parser(argparse.ArgumentParser):
    """A parser that complains as the rest of mvx does, and never guesses an abbreviation."""

    def error(self, message: str) -> NoReturn:
        """Raise UsageError instead of printing the usage and exiting with 2."""
        raise errors.UsageError(message, fix=f"see `{self.prog} --help`")

    def _print_message(self, message: str, file: object = None) -> None:
        """Print help and version; argparse's own hides that they could not be written."""
        del file
        put(message.rstrip("\n"))


def make_parser(*, benchmarks: bool = False) -> Parser:
    """Build the parser of all commands; that of the benchmarks in full only where it is needed."""
    from mvx import diversity, options

    parser = Parser(
        prog="mvx",
        description="Run several diversified copies of one program as if they were one,"
        " and stop when they disagree.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"mvx {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    run_parser = commands.add_parser(
        "run",
        help="run a program",
        usage="mvx run [OPTION…] -- PROGRAM [ARG…]",
        description="Run a program in N variants as if it were one."
        " Its standard streams, exit status and death by signal pass through.",
        epilog="Exit status: the program's own; 121 the variants disagreed; 124 time limit;"
        " 125 mvx itself failed; 126 the program cannot be executed; 127 it was not found.",
        allow_abbrev=False,
    )
    add = run_parser.add_argument
    add(
        "-n",
        "--variants",
        type=whole_number(1, options.VARIANTS_MAX),
        metavar="N",
        help=f"how many variants, 1 to {options.VARIANTS_MAX} (default: {options.VARIANTS_DEFAULT},"
        " with --variant one more than these)",
    )
    add(
        "--variant",
        dest="programs",
        action="append",
        default=[],
        metavar="PATH",
        help="the next follower executes PATH instead: another build or release of the program",
    )
    add(
        "--policy",
        choices=options.POLICIES,
        default="effects",
        help="the leader waits at every compared call, before outward effects (the default), never",
    )
    add(
        "--verify",
        choices=options.VERIFICATIONS,
        default="sensitive",
        help="calls verified from outside: sensitive ones (the default), effects too, all",
    )
    add(
        "--diversify",
        type=diversifications,
        default=diversity.DEFAULT,
        metavar="NAME,…",
        help="in what the variants differ: layout, stack, canary (default), environment, heap,"
        " fill; none, default, all",
    )
    add(
        "--allocator",
        dest="allocators",
        action="append",
        default=[],
        metavar="NAME",
        help="an allocator for the next follower: jemalloc, mimalloc, tcmalloc, scudo, hardened,"
        " glibc (with other settings), or a library's path; repeatable",
    )
    add(
        "--on-divergence",
        choices=options.ON_DIVERGENCE,
        default="stop",
        help="end the run (the default); with three or more variants drop the minority; say it, and"
        " go on",
    )
    add(
        "--on-crash",
        choices=options.ON_CRASH,
        default="ignore",
        help="when a process crashes in all variants, as after an attack that failed: nothing (the"
        " default), say it, or end the run",
    )
    add(
        "--observe",
        dest="on_divergence",
        action="store_const",
        const="observe",
        help="the same as --on-divergence observe",
    )
    add(
        "--rules",
        type=path,
        action="append",
        default=[],
        metavar="FILE",
        help="differences that are none, as TOML; repeatable",
    )
    add(
        "--calibrate",
        type=path,
        metavar="FILE",
        help="observe, and write the rules that this run would need to FILE",
    )
    add(
        "--no-patch",
        dest="patch",
        action="store_false",
        help="leave the program's code as it is; every call takes the trap",
    )
    add(
        "--no-site-cache",
        dest="site_cache",
        action="store_false",
        help="neither read nor write which call sites trapped in earlier runs (~/.cache/mvx)",
    )
    add(
        "--pids",
        choices=options.PIDS,
        default="auto",
        help="how all variants see the same process numbers (default: the best that works here)",
    )
    add(
        "--wait",
        choices=options.WAITS,
        default="auto",
        help="how variants wait for each other: spin as long as a wake-up costs and as there are"
        " free CPUs, then sleep (the default); spin long; sleep at once",
    )
    add(
        "--rdtsc",
        choices=options.RDTSCS,
        default="auto",
        help="how all variants read the same time stamp counter: auto (the default), where all code"
        " of a process comes from files, the instructions that read it are found and replaced, else"
        " all of them fault; trap, they always fault; known, only those that were found",
    )
    add(
        "--threads",
        choices=options.THREADS,
        default="auto",
        help="how threads agree on an order: serial, one at a time in the leader's order;"
        " serial-shared and auto, processes that share memory as well; ordered, in parallel, with"
        " locks and atomic instructions in the leader's order; parallel, not at all",
    )
    add("--trace", type=path, metavar="FILE", help="write every call to FILE, as text")
    add("--report", type=path, metavar="FILE", help="write the report of a divergence, as JSON")
    add(
        "--status-file",
        type=path,
        metavar="FILE",
        help='write how the run ended, as one line of JSON: {"outcome":"exited","code":3}',
    )
    add(
        "--statistics",
        type=path_or_dash,
        metavar="FILE",
        help="write what the run cost and did to FILE, as JSON; `-`: as text to standard error",
    )
    add(
        "--signals",
        choices=options.SIGNALS,
        default="leader",
        help="whose signals count: the leader's (the default), or every variant has timers and gets"
        " signals of its own, and enough of them must have one",
    )
    add(
        "--signal-quorum",
        type=share,
        default=options.SIGNAL_QUORUM_DEFAULT,
        metavar="SHARE",
        help="with --signals quorum: the share of the variants that are enough (default:"
        " %(default)g)",
    )
    add(
        "--signal-wait",
        type=whole_number(1, options.SIGNAL_WAIT_MAX),
        default=options.SIGNAL_WAIT_DEFAULT,
        metavar="N",
        help="with --signals quorum: a variant that waits for its own copy of a signal has diverged"
        " after N iterations of a loop (default: %(default)s)",
    )
    add(
        "--signal-points",
        choices=options.SIGNAL_POINTS,
        default="any",
        help="deliver signals also between calls (any, the default), at the same instruction even"
        " for fast timers (exact), or only at calls, however late that is",
    )
    add(
        "--signals-stats",
        action="store_true",
        help="at the end, tell on standard error how soon and in which way signals were delivered",
    )
    add(
        "--timeout",
        dest="timeout_s",
        type=seconds,
        metavar="S",
        help="end the run after S seconds, with status 124",
    )
    add(
        "--watchdog",
        dest="watchdog_s",
        type=seconds,
        default=options.WATCHDOG_DEFAULT_S,
        metavar="S",
        help="a variant that lets the others wait so long has diverged (default: %(default)g)",
    )
    add(
        "--seed",
        type=whole_number(0, options.SEED_MAX),
        metavar="N",
        help="take all random choices of mvx from N, to repeat a run",
    )
    add("program", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)

    for name, language in (("cc", "C"), ("c++", "C++")):
        commands.add_parser(
            name,
            add_help=False,
            help=f"a {language} compiler for CC= and CXX= that builds every variant of a program",
        )
    doctor_parser = commands.add_parser(
        "doctor", help="show what this machine has and lacks for mvx", allow_abbrev=False
    )
    doctor_parser.add_argument("--json", action="store_true", help="print JSON")
    doctor_parser.add_argument(
        "--sites",
        metavar="FILE",
        help="show instead which call sites of a program or library can be patched, and how",
    )

    syscalls_parser = commands.add_parser(
        "syscalls", help="show how every system call is treated", allow_abbrev=False
    )
    syscalls_parser.add_argument(
        "--irregular", action="store_true", help="only those with a handler written by hand"
    )
    syscalls_parser.add_argument("--format", choices=("table", "json"), default="table")

    bench_parser = commands.add_parser(
        "bench", help="measure what mvx costs on this machine", allow_abbrev=False
    )
    if benchmarks:
        from mvx.bench import command

        command.add_options(bench_parser)

    report_parser = commands.add_parser(
        "report", help="show a saved divergence again", allow_abbrev=False
    )
    report_parser.add_argument("file", type=path, metavar="FILE")
    report_parser.add_argument("--format", choices=("text", "json"), default="text")
    return parser


def whole_number(least: int, most: int) -> Callable[[str], int]:
    """Return a function that takes an option's text for a number within bounds."""

    def convert(text: str) -> int:
        try:
            value = int(text, 0)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from None
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(f"{text} is not between {least} and {most}")
        return value

    return convert


def seconds(text: str) -> float:
    """Take an option's text for a time in seconds, longer than none."""
    try:
        value = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds") from None
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not a time longer than 0 seconds")
    return value


def share(text: str) -> float:
    """Take an option's text for a share of the variants: more than none, at most all."""
    try:
        value = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number") from None
    if not 0 < value <= 1:
        raise argparse.ArgumentTypeError(f"{text} is not a share, more than 0 and at most 1")
    return value


def diversifications(text: str) -> tuple[str, ...]:
    """Take an option's text for names of diversifications."""
    from mvx import diversity

    try:
        return diversity.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def path(text: str) -> Path:
    """Take an option's text for a path, independent of the working directory from now on."""
    if not text:
        raise argparse.ArgumentTypeError("the name of the file is empty")
    try:
        return Path(text).absolute()
    except OSError as error:
        raise argparse.ArgumentTypeError(f"the working directory: {error.strerror}") from None


def path_or_dash(text: str) -> Path:
    """Take an option's text for a path, or for the dash that stands for a stream."""
    return Path(text) if text == "-" else path(text)
