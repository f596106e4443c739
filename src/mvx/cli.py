"""The command line: what was asked for, and how mvx itself ends.

Everything heavy is imported where it is used: mvx stands in front of other commands, and its
start-up is theirs. One place here prints errors. A traceback is shown only under ``MVX_DEBUG=1``.
"""

from __future__ import annotations

import argparse
import contextlib
import errno
import gc
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn

from mvx import errors
from mvx.arguments import make_parser
from mvx.output import put

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mvx.options import Options

_MORE_FILES: Final = "raise the limit (`ulimit -n`), or run fewer processes under one mvx"


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; return the exit status, or die by the program's signal."""
    try:
        try:
            status = dispatch(list(sys.argv[1:] if arguments is None else arguments))
        except SystemExit as end:  # argparse, after --help and --version
            status = end.code if isinstance(end.code, int) else 0
    except errors.MvxError as error:
        return complain(error)
    except KeyboardInterrupt:
        die_by(signal.SIGINT)
    except BrokenPipeError:
        die_by(signal.SIGPIPE)
    except OSError as error:
        if error.errno in {errno.EMFILE, errno.ENFILE}:
            return complain(errors.KernelLacks(str(error.strerror), fix=_MORE_FILES))
        return complain(errors.InternalError(f"{type(error).__name__}: {error}"))
    except Exception as error:  # noqa: BLE001  the user gets one clear error, whatever it is
        return complain(errors.InternalError(f"{type(error).__name__}: {error}"))
    return status


def dispatch(words: list[str]) -> int:
    """Parse the command line and run the command that it names."""
    if words[:1] in (["cc"], ["c++"]):  # everything that follows is the compiler's
        from mvx.building import driver

        return driver.main(words[1:], plus=words[0] == "c++")
    # What follows the first `--` is the program's own: the parser does not see it.
    cut = words.index("--") if "--" in words else len(words)
    words, program = words[:cut], words[cut:]
    try:
        return do(words, program)
    except errors.UsageError as error:
        if words[:1] == ["run"] and program:  # else the words are the program's, too
            StatusFile(status_target(words)).write("failed", error.exit_code)
        raise


def do(words: list[str], program: list[str]) -> int:
    """Run one subcommand: the words before `--`, and what stands behind it."""
    asked, unknown = make_parser(benchmarks="bench" in words).parse_known_args(words)
    if asked.command == "run":
        # `mvx run tar -- x` names the program before the `--`, which then is the program's.
        program = asked.program + program if asked.program else program[1:]
    else:
        unknown += program[1:]
    if unknown:
        kind = "option" if unknown[0].startswith("-") else "argument"
        raise errors.UsageError(
            f"unknown {kind} {unknown[0]}", fix=f"see `mvx {asked.command} --help`"
        )
    match asked.command:
        case "run":
            return run(asked, program)
        case "doctor":
            if asked.sites is not None:
                from mvx import survey

                put(survey.render(survey.survey(asked.sites), as_json=asked.json))
                return 0
            from mvx import doctor

            findings = doctor.examine()
            put(doctor.render(findings, as_json=asked.json))
            return 0 if doctor.can_run(findings) else errors.KernelLacks.exit_code
        case "syscalls":
            from mvx import syscalls

            put(syscalls.render(irregular=asked.irregular, form=asked.format))
        case "bench":
            from mvx.bench import command

            put(command.run(asked))
        case "report":
            from mvx import report

            color = sys.stdout is not None and sys.stdout.isatty()
            put(report.render(asked.file, form=asked.format, color=color))
    return 0


def run(asked: argparse.Namespace, words: list[str]) -> int:
    """Run the program and return its exit status, or die by the signal it died by."""
    gc.disable()  # nothing that is loaded is garbage: to look for some takes a third of the start
    status = StatusFile(asked.status_file)
    try:
        if not words:
            raise errors.UsageError("no program given", fix="mvx run -- PROGRAM [ARG…]")
        options = options_of(asked, words)
        restore_environment()
        from mvx import descriptors, supervisor

        descriptors.take()

        gc.freeze()
        gc.enable()
        outcome = supervisor.run(options)
    except errors.MvxError as error:
        status.write("failed", error.exit_code)
        raise
    except BaseException:
        status.write("failed", errors.InternalError.exit_code)
        raise
    status.write(outcome.kind, outcome.code)
    if outcome.kind == "signaled":
        die_by(outcome.code)
    return outcome.code


def options_of(asked: argparse.Namespace, words: list[str]) -> Options:
    """Find the program, check the files, and put everything together."""
    from mvx import options

    for target in (asked.trace, asked.calibrate, asked.report, asked.statistics):
        if target is not None and target.is_absolute():
            check_writable(target)
    program, arguments = options.find_program(words)
    asked.programs = options.find_variants(asked.programs)
    if not asked.programs and asked.variants != 1:
        from mvx import programs

        beside = programs.found(program)
        asked.programs = beside if asked.variants is None else beside[: asked.variants - 1]
    asked.rules = tuple(asked.rules)
    if asked.allocators:
        from mvx import allocators

        asked.allocators = [allocators.find(name) for name in asked.allocators]
        if "heap" in asked.diversify:
            message = "--allocator and the diversification heap exclude each other"
            raise errors.UsageError(message, fix="leave one of them out")
    asked.allocators = tuple(asked.allocators)
    if asked.calibrate is not None:
        asked.on_divergence = "observe"
    least = 1 + len(asked.programs)
    if asked.variants is None:
        asked.variants = max(options.VARIANTS_DEFAULT, least)
    if not least <= asked.variants <= options.VARIANTS_MAX:
        raise errors.UsageError(
            f"{least} programs for {asked.variants} variants",
            fix=f"give -n a number from {least} to {options.VARIANTS_MAX}, or leave it out",
        )
    taken = {
        name: value for name, value in vars(asked).items() if name not in {"command", "program"}
    }
    return options.Options(program=program, arguments=arguments, **taken)


def restore_environment() -> None:
    """Take back the locale that Python sets where there is none (PEP 538): programs see it."""
    if os.environ.get("LC_CTYPE") in {"C.UTF-8", "C.utf8", "UTF-8"}:
        with open("/proc/self/environ", "rb") as stream:
            given = stream.read().split(b"\0")
        if not any(entry.startswith(b"LC_CTYPE=") for entry in given):
            del os.environ["LC_CTYPE"]


def check_writable(target: Path) -> None:
    """Raise FileFailed when the file cannot be written; better now than after the run."""
    try:
        os.stat(f"{target.parent}/.")
        if os.path.isdir(target):
            raise OSError(errno.EISDIR, os.strerror(errno.EISDIR))
        place = target if os.path.exists(target) else target.parent
        if not os.access(place, os.W_OK, effective_ids=True):
            raise OSError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        raise cannot_write(target, error) from None


def cannot_write(target: Path, error: OSError) -> errors.FileFailed:
    """Return the error for a file that an option names."""
    return errors.FileFailed(
        f"cannot write {target}: {error.strerror}",
        fix="name a file in a directory where you may write",
    )


def status_target(words: list[str]) -> Path | None:
    """The status file that a command line names which is wrong otherwise: an earlier run's status
    must not be taken for this one's.
    """
    for option, value in zip(words, [*words[1:], ""], strict=True):
        if option == "--status-file" and value:
            return Path(value)
        if option.startswith("--status-file="):
            return Path(option.partition("=")[2])
    return None


class StatusFile:
    """The file that tells a program's exit status from one of mvx's own."""

    def __init__(self, target: Path | None) -> None:
        """Empty the file, so that a killed mvx leaves no old status behind."""
        self.target = target
        if target is not None:
            check_writable(target)
            if os.path.isfile(target):
                self.put("")

    def write(self, kind: str, code: int) -> None:
        """Write how the run ended. A failure is said and changes nothing: the run is over."""
        if self.target is not None:
            try:
                self.put(f'{{"outcome":"{kind}","code":{code}}}\n')
            except errors.FileFailed as error:
                complain(error)

    def put(self, text: str) -> None:
        """Replace the file's content."""
        assert self.target is not None
        try:
            self.target.write_text(text, encoding="ascii")
        except OSError as error:
            raise cannot_write(self.target, error) from None


# Ending


def complain(error: errors.MvxError) -> int:
    """Print an error, with its traceback when asked for; return the exit status."""
    if sys.stderr is not None:
        if os.environ.get("MVX_DEBUG") == "1":
            import traceback

            traceback.print_exc()
        print(error.format(), file=sys.stderr, flush=True)
    return error.exit_code


def die_by(number: int) -> NoReturn:
    """End this process by a signal, without a core file of its own."""
    import resource

    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            with contextlib.suppress(OSError):
                stream.flush()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(OSError, ValueError):  # SIGKILL, and those that libc keeps
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {number})
    os.kill(os.getpid(), number)
    os._exit(128 + number)  # a signal that does not end processes: as a shell would say it
