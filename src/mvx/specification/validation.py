"""What a specification must satisfy before anything is generated from it."""

from __future__ import annotations

from collections.abc import Mapping

from .declaration import Declaration, Parameter, SpecificationError
from .numbers import NUMBERS
from .requests import OPTION_CALLS, Request
from .vocabulary import CallFlag, Direction, Executor, Handler, Kind, Length, ResultKind

ARGUMENTS_MAX = 6
FLAGS_LARGEST = 0xFFFF


def _parameter(parameter: Parameter, parameters: tuple[Parameter, ...]) -> str:
    """What is wrong with a parameter, "" for nothing."""
    if parameter.direction is Direction.NONE:
        return ""
    if parameter.length not in (Length.FIXED, Length.POINTED):
        kind = parameters[parameter.operand].kind
        if kind not in (Kind.INT, Kind.LONG):
            return f"{parameter.name}: its length is said to be in an argument of kind {kind.name}"
    if parameter.length is Length.POINTED:
        operand = parameters[parameter.operand]
        if operand.direction is not Direction.IN_OUT or operand.size != 4:
            return f"{parameter.name}: its length must be behind an in-out pointer to 32 bits"
    if parameter.length is Length.RESULT and parameter.direction is Direction.IN:
        return f"{parameter.name}: an input cannot have the length of the result"
    if parameter.length is Length.FIXED and parameter.kind is Kind.BYTES and not parameter.size:
        return f"{parameter.name}: a buffer of no bytes"
    if parameter.size > 0xFFFF:
        return f"{parameter.name}: {parameter.size} bytes are more than a rule can say"
    if parameter.kind in (Kind.PATH, Kind.STRINGS) and parameter.direction is not Direction.IN:
        return f"{parameter.name}: a string can only be an input"
    return ""


def _call(call: Declaration) -> str:
    """What is wrong with a declaration, "" for nothing."""
    if len(call.parameters) > ARGUMENTS_MAX:
        return f"{len(call.parameters)} arguments"
    for parameter in call.parameters:
        if wrong := _parameter(parameter, call.parameters):
            return wrong
        copied = (
            parameter.direction in (Direction.OUT, Direction.IN_OUT)
            and call.executor is Executor.LEADER
        )
        if (
            copied
            and not call.handler
            and parameter.structure
            and any(f.address for f in parameter.structure.layout)
        ):
            return (
                f"{parameter.name}: followers would receive the leader's addresses: needs a handler"
            )
    if call.executor is Executor.REFUSED and (not call.refusal or not call.note):
        return "a refusal needs an errno and a reason"
    if call.executor is Executor.LOCAL and CallFlag.EFFECT in call.flags:
        return "a local call cannot be an effect"
    if call.executor is Executor.LEADER and call.result is ResultKind.ADDRESS:
        return "an address is each variant's own: the leader's cannot be replicated"
    if call.cloexec and call.result is not ResultKind.DESCRIPTOR:
        return "close-on-exec without a new descriptor"
    if int(call.flags) > FLAGS_LARGEST:
        return f"flags {int(call.flags):#x} do not fit the 16 bits of a rule"
    if call.handler is Handler.NONE and CallFlag.NO_RETURN in call.flags:
        return "a call that does not return needs a handler"
    return ""


def _request(request: Request, name: str) -> str:
    """What is wrong with a request, "" for nothing."""
    if len(request.parameters) > (4 if name in OPTION_CALLS else 1):
        return f"{len(request.parameters)} arguments after the request"
    for parameter in request.parameters:
        has_length = parameter.length is not Length.FIXED
        if parameter.direction is not Direction.NONE and has_length and name not in OPTION_CALLS:
            return f"{parameter.name}: only fixed lengths"
        # Lengths are counted from the option, the call's first argument.
        if wrong := _parameter(parameter, (parameter, *request.parameters)):
            return wrong
    if request.cloexec and request.result is not ResultKind.DESCRIPTOR:
        return "close-on-exec without a new descriptor"
    if request.refusal and not request.note:
        return "a refusal needs a reason"
    return ""


def validate(
    calls: Mapping[int, Declaration], tables: Mapping[str, list[Request]], *, complete: bool = True
) -> None:
    """Raise :class:`SpecificationError` for the first declaration that is wrong.

    Also, if `complete`, for a call without one.
    """
    for call in calls.values():
        if wrong := _call(call):
            raise SpecificationError(f"{call.name}: {wrong}", call.file, call.line)
    for name, table in tables.items():
        seen: dict[int, Request] = {}
        for request in table:
            if wrong := _request(request, name):
                raise SpecificationError(
                    f"{name} {request.name}: {wrong}", request.file, request.line
                )
            first = seen.setdefault(request.value, request)
            if first is not request:
                message = f"{name} {request.name}: the same number as {first.name}"
                raise SpecificationError(message, request.file, request.line)
    if complete:
        for name, number in NUMBERS.items():
            if number not in calls:
                raise SpecificationError(
                    f"{name} ({number}) is not declared",
                    __file__.replace("validation", "numbers"),
                    1,
                )
