"""The decorators that turn a signature into a declaration, and the register of all of them."""

from __future__ import annotations

import errno as errors
import sys
from collections.abc import Callable
from typing import Any

from .annotations import Buffer, Int, Pointer, Scalar
from .numbers import NUMBERS
from .structures import Structure
from .vocabulary import (
    CLOEXEC_ALWAYS,
    CallFlag,
    Direction,
    Executor,
    Handler,
    Kind,
    Length,
    ResultKind,
    Support,
)


class SpecificationError(Exception):
    """A declaration that contradicts itself or the kernel's ABI; `file` and `line` say where."""

    def __init__(self, message: str, file: str, line: int) -> None:
        super().__init__(f"{file}:{line}: {message}")
        self.file = file
        self.line = line


class Parameter:
    """One argument of a call as the agent, the decoder and the documentation see it."""

    __slots__ = (
        *("direction", "kind", "length", "most", "name", "operand", "size", "structure", "text"),
    )

    def __init__(self, name: str, annotation: Any, names: tuple[str, ...]) -> None:
        self.name = name
        self.direction = Direction.NONE
        self.length = Length.FIXED
        self.operand = 0
        self.most = 0
        self.size = 0
        self.structure: Structure | None = None
        if isinstance(annotation, Scalar):
            self.kind = annotation.kind
            self.text = annotation.text
            return
        if not isinstance(annotation, Pointer):
            raise TypeError(
                f"argument {name}: {annotation!r} is no annotation of the specification"
            )
        buffer: Buffer = annotation.buffer
        self.kind = buffer.kind
        self.text = buffer.text
        self.direction = annotation.direction
        self.length = buffer.length
        self.size = buffer.size
        self.most = buffer.most
        self.structure = buffer.structure
        if buffer.operand:
            if buffer.operand not in names:
                raise TypeError(
                    f"argument {name}: its length is in {buffer.operand!r}, which is no argument"
                )
            self.operand = names.index(buffer.operand)


class Declaration:
    """A declared call."""

    __slots__ = (
        "blocks",
        "cloexec",
        "cloexec_flag",
        "document",
        "elastic",
        "executor",
        "file",
        "flags",
        "handler",
        "line",
        "loading",
        "name",
        "note",
        "number",
        "parameters",
        "refusal",
        "result",
        "result_text",
        "support",
        "told",
    )

    name: str
    number: int
    executor: Executor
    flags: CallFlag
    handler: Handler
    result: ResultKind
    result_text: str
    parameters: tuple[Parameter, ...]
    refusal: int
    cloexec: int
    cloexec_flag: int
    elastic: bool
    """A query that variants may make more or less often than the leader."""
    blocks: bool
    """The call may wait for somebody: a thread gives its turn up for it."""
    loading: bool
    """What loaders look up: each variant's own while variants load different programs."""
    told: bool
    """Somebody is told when the call is refused: programs do not go on without it."""
    support: Support
    note: str
    document: str
    file: str
    line: int

    @property
    def effect(self) -> bool:
        """Whether something outside the variant can observe the call."""
        return CallFlag.EFFECT in self.flags

    @property
    def sensitive(self) -> bool:
        """Whether the supervisor verifies the call."""
        return CallFlag.SENSITIVE in self.flags


REGISTER: dict[int, Declaration] = {}
"""All declarations by number, filled as the topic modules are imported."""

Function = Callable[..., Any]
Decorator = Callable[[Function], Function]


def _declare(function: Function, executor: Executor, options: dict[str, Any]) -> Function:
    code = function.__code__
    call = Declaration()
    call.name = function.__name__
    call.file, call.line = options.get("place", (code.co_filename, code.co_firstlineno))

    def fail(message: str) -> SpecificationError:
        return SpecificationError(f"{call.name}: {message}", call.file, call.line)

    if call.name not in NUMBERS:
        raise fail("no such call in numbers.py")
    call.number = NUMBERS[call.name]
    if call.number in REGISTER:
        first = REGISTER[call.number]
        raise fail(f"declared twice, first in {first.file}:{first.line}")
    names = code.co_varnames[: code.co_argcount]
    annotations = function.__annotations__
    for name in (*names, "return"):
        if name not in annotations:
            raise fail(f"no annotation for {name}")
    try:
        call.parameters = tuple(Parameter(name, annotations[name], names) for name in names)
    except TypeError as error:
        raise fail(str(error)) from None
    result = annotations["return"]
    if not isinstance(result, Scalar):
        raise fail(f"the result's annotation is {result!r}")
    call.result, call.result_text = result.result, result.text
    call.executor = executor
    call.document = " ".join((function.__doc__ or "").split())
    call.refusal = options.get("refusal", 0)
    call.note = options.get("note", "")
    call.elastic = bool(options.get("elastic"))
    call.blocks = bool(options.get("blocks"))
    call.loading = bool(options.get("loading"))
    call.told = bool(options.get("told"))
    call.support = (
        Support.REFUSED if call.refusal else Support.PARTIAL if call.note else Support.FULL
    )
    call.handler = Handler[options.get("handler", "none").upper()]
    call.flags = CallFlag(0)
    for flag in (
        "effect",
        "sensitive",
        "settle",
        "signal_mask",
        "no_return",
        "out_on_error",
        "new_name",
        "removes",
    ):
        if options.get(flag):
            call.flags |= CallFlag[flag.upper()]
    if call.parameters and call.parameters[0].kind is Kind.DESCRIPTOR:
        call.flags |= CallFlag.DESCRIPTOR
    call.cloexec, call.cloexec_flag = 0, 0
    cloexec = options.get("cloexec")
    if cloexec == "always":
        call.cloexec = CLOEXEC_ALWAYS
    elif cloexec:
        argument, call.cloexec_flag = cloexec
        if argument not in names:
            raise fail(f"close-on-exec is said to be in {argument!r}, which is no argument")
        call.cloexec = names.index(argument) + 1
    REGISTER[call.number] = call
    return function


def _decorator(executor: Executor, function: Function | None, options: dict[str, Any]) -> Any:
    known = {
        "effect",
        "sensitive",
        "settle",
        "new_name",
        "removes",
        "elastic",
        "blocks",
        "loading",
        "signal_mask",
        "no_return",
        "out_on_error",
        "handler",
        "cloexec",
        "note",
        "refusal",
        "place",
    }
    if unknown := options.keys() - known:
        raise TypeError(f"unknown words in a declaration: {', '.join(sorted(unknown))}")
    if function is not None:
        return _declare(function, executor, options)
    return lambda late: _declare(late, executor, options)


def leader(function: Function | None = None, /, **options: Any) -> Any:
    """Executed once, by the leader.

    `effect`, `sensitive`, `settle`, `signal_mask`, `no_return`, `out_on_error`, `removes` are
    the :class:`CallFlag` of these names; `elastic` and `loading` are told at :class:`Declaration`;
    `handler` names a :class:`Handler`; `cloexec` is ``(argument, flag)`` or ``"always"``; `note`
    says what is missing of full support.
    """
    return _decorator(Executor.LEADER, function, options)


def everyone(function: Function | None = None, /, **options: Any) -> Any:
    """Executed by the leader, then by each follower. Words as for :func:`leader`."""
    return _decorator(Executor.EVERYONE, function, options)


def local(function: Function | None = None, /, **options: Any) -> Any:
    """Executed by each variant, neither compared nor ordered. Words as for :func:`leader`."""
    return _decorator(Executor.LOCAL, function, options)


def native(function: Function | None = None, /, **options: Any) -> Any:
    """Executed by each variant in the program's own context. Words as for :func:`leader`."""
    return _decorator(Executor.NATIVE, function, options)


def refused(error: int, *, reason: str) -> Any:
    """Executed by nobody: the program gets `error`; `reason` says why, for people."""
    if error not in errors.errorcode:
        raise TypeError(f"{error} is no errno")
    return _decorator(Executor.REFUSED, None, {"refusal": error, "note": reason})


def refuse(error: int, names: str, *, reason: str, told: bool = False) -> None:
    """Refuse several calls at once, whose arguments nobody looks at; blanks separate `names`.
    `told` as at :class:`Declaration`.
    """
    caller = sys._getframe(1)  # noqa: SLF001  the only way to the place of the declaration
    place = (caller.f_code.co_filename, caller.f_lineno)

    def call() -> None:
        """Stand in for each of the names."""

    call.__doc__ = None
    for name in names.split():
        call.__name__ = name
        call.__annotations__ = {"return": Int}
        options = {"refusal": error, "note": reason, "place": place, "told": told}
        _declare(call, Executor.REFUSED, options)
