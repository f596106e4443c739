"""What can go wrong before, around and inside a run.

One tree of exceptions. Every class has a stable identifier, which never changes its meaning and can
be searched for, and the exit status with which mvx ends when nobody catches it; one place,
:mod:`mvx.cli`, prints them. The exit statuses are those of env(1), nohup(1) and timeout(1): 125 the
command itself failed, 126 the program cannot be executed, 127 it was not found.
"""

from __future__ import annotations

from typing import ClassVar


class MvxError(Exception):
    """Something that the user can be told: what failed, on what, the kernel's word, and the fix."""

    identifier: ClassVar[str] = "MVX-E100"
    exit_code: ClassVar[int] = 125
    default_fix: ClassVar[str | None] = None

    def __init__(self, message: str, *, fix: str | None = None) -> None:
        """Takes one sentence without a full stop, and what to do about it."""
        super().__init__(message)
        self.message = message
        self.fix = fix if fix is not None else self.default_fix

    def format(self) -> str:
        """Returns the lines to print, without a newline at the end."""
        text = f"mvx: error: {self.message} [{self.identifier}]"
        return text if self.fix is None else f"{text}\n  fix: {self.fix}"


class UsageError(MvxError):
    """The command line asks for something that does not exist or makes no sense."""

    identifier = "MVX-E101"
    default_fix = "see `mvx --help`"


class ProgramNotFound(MvxError):
    """There is no such program, or not the interpreter that it names."""

    identifier = "MVX-E102"
    exit_code = 127


class ProgramNotExecutable(MvxError):
    """The kernel would not execute this file either."""

    identifier = "MVX-E103"
    exit_code = 126


class UnsupportedProgram(MvxError):
    """The kernel would execute this file, mvx cannot."""

    identifier = "MVX-E104"
    exit_code = 126


class KernelLacks(MvxError):
    """The kernel, or what confines this process, does not allow what mvx needs."""

    identifier = "MVX-E105"
    default_fix = "`mvx doctor` shows what is missing and how to get it"


class InternalError(MvxError):
    """A fault of mvx itself: an invariant is broken, and the run ends closed."""

    identifier = "MVX-E106"
    default_fix = "this is a fault in mvx: run it again with MVX_DEBUG=1 and report what it prints"


class InvalidReport(MvxError):
    """A file is no divergence report, or one of a version that this mvx does not know."""

    identifier = "MVX-E107"


class FileFailed(MvxError):
    """A file that mvx was told to read or write cannot be read or written."""

    identifier = "MVX-E108"


class BuildFailed(MvxError):
    """A variant of a program cannot be built (`mvx cc`)."""

    identifier = "MVX-E109"
    default_fix = "build with CC set to the variant's compiler to see why, or change the recipe"
