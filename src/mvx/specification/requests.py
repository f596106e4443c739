"""Requests: the second level of calls whose meaning a number decides (ioctl, fcntl, ...).

A table is a list of :class:`Request`; each says who executes, and what the arguments after the
number are.
"""

from __future__ import annotations

import sys
from typing import Any

from .annotations import Scalar
from .declaration import Parameter, SpecificationError
from .vocabulary import CLOEXEC_ALWAYS, CallFlag, Executor, ResultKind, Support

O_CLOEXEC = 0o2000000
OPTION_CALLS = frozenset({"prctl", "keyctl"})
"""Calls whose first argument says what the others, up to four, are."""


class Request:
    """One request; of a new descriptor, `cloexec` is "", "always" or "flag" (in the argument)."""

    __slots__ = (
        "cloexec",
        "executor",
        "file",
        "flags",
        "line",
        "name",
        "note",
        "parameters",
        "refusal",
        "result",
        "result_text",
        "support",
        "value",
    )

    def __init__(
        self,
        name: str,
        value: int,
        *annotations: Any,
        executor: Executor = Executor.LEADER,
        result: Scalar | None = None,
        effect: bool = False,
        sensitive: bool = False,
        removes: bool = False,
        cloexec: str = "",
        refusal: int = 0,
        note: str = "",
    ) -> None:
        caller = sys._getframe(1)  # noqa: SLF001  the only way to the place of the request
        self.file, self.line = caller.f_code.co_filename, caller.f_lineno
        self.name = name
        self.value = value
        names = tuple(f"arg{index}" for index in range(1, 2 + len(annotations)))
        try:
            self.parameters = tuple(
                Parameter(*pair, names) for pair in zip(names[1:], annotations, strict=True)
            )
        except TypeError as error:
            raise SpecificationError(f"{name}: {error}", self.file, self.line) from None
        self.executor = Executor.REFUSED if refusal else executor
        self.result = result.result if result else ResultKind.VALUE
        self.result_text = result.text if result else "int"
        given = {
            CallFlag.EFFECT: effect,
            CallFlag.SENSITIVE: sensitive,
            CallFlag.REMOVES: removes,
        }
        self.flags = CallFlag(sum(flag for flag, is_given in given.items() if is_given))
        self.cloexec = {"": 0, "flag": 1, "always": CLOEXEC_ALWAYS}[cloexec]
        self.refusal = refusal
        self.note = note
        self.support = Support.REFUSED if refusal else Support.PARTIAL if note else Support.FULL


EVERYONE, LOCAL, NATIVE = Executor.EVERYONE, Executor.LOCAL, Executor.NATIVE
