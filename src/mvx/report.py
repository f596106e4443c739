"""Divergence reports: text for people, JSON for tools.

Most of what a report shows was chosen by the program, perhaps by an attacker: paths, buffers, names
of functions. So the text is cleaned of everything that a terminal would not just print (an escape
sequence could hide lines or forge them), and cut to its columns. A saved report holds bytes of the
program's data, secrets included: it is readable by its owner only.
"""

from __future__ import annotations

import json
import os
import tempfile
import textwrap
from contextlib import suppress
from os.path import commonprefix
from typing import TYPE_CHECKING, Literal

from mvx import errors
from mvx.divergence import KINDS, Divergence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mvx.divergence import Argument, Call, FirstDifference, Frame, VariantState

    Path = str | os.PathLike[str]
    Lines = Iterator[tuple[str, str]]  # style and text

SCHEMA_VERSION = 1
REPORT_LIMIT_BYTES = 64 << 20
WIDTH = 100
DESCRIPTORS_LIMIT = 24
WORDS_LIMIT = 40
STYLES = {"alarm": "\x1b[1;31m", "title": "\x1b[1m", "mark": "\x1b[31m", "quiet": "\x1b[2m"}


def text(divergence: Divergence, color: bool) -> str:  # noqa: FBT001  # there is no other switch
    """Return the report for people: lines of at most 100 columns, with a newline at the end.

    `color` adds ANSI styles. Nothing else in the text can control a terminal.
    """
    lines = []
    for style, line in _lines(divergence):
        plain = _cut(_clean(line).rstrip(), WIDTH)
        lines.append(f"{STYLES[style]}{plain}\x1b[0m" if color and style and plain else plain)
    return "\n".join(lines) + "\n"


def save(divergence: Divergence, path: Path) -> None:
    """Write the report as JSON (docs/reference/divergence.schema.json), all of it or nothing.

    Raises errors.FileFailed.
    """
    content = _json(divergence).encode("ascii")
    target = os.path.realpath(path)
    try:
        if os.path.exists(path) and not os.path.isfile(path):  # a terminal, a pipe
            with open(path, "wb") as file:
                file.write(content)
            return
        descriptor, temporary = tempfile.mkstemp(dir=os.path.dirname(target), prefix=".mvx-report-")
        try:
            with open(descriptor, "wb") as file:
                file.write(content)
            os.replace(temporary, target)
        except BaseException:
            with suppress(OSError):
                os.unlink(temporary)
            raise
    except OSError as error:
        raise errors.FileFailed(
            f"cannot write the report {os.fspath(path)}: {error.strerror}",
            fix="name a file in a directory that you can write to",
        ) from None


def load(path: Path) -> Divergence:
    """Read a saved report.

    Raises errors.FileFailed when it cannot be read, errors.InvalidReport when it is no report.
    """
    name = os.fspath(path)
    try:
        with open(path, "rb") as file:
            content = file.read(REPORT_LIMIT_BYTES + 1)
    except OSError as error:
        raise errors.FileFailed(f"cannot read the report {name}: {error.strerror}") from None
    if len(content) > REPORT_LIMIT_BYTES:
        raise errors.InvalidReport(f"{name} is larger than any report ({REPORT_LIMIT_BYTES} bytes)")
    try:
        value = json.loads(content)
        version = value.pop("schema_version", None) if isinstance(value, dict) else None
        if version is None:
            raise ValueError("it has no schema_version")
        if version != SCHEMA_VERSION:
            raise errors.InvalidReport(
                f"{name} has schema version {version}, this mvx reads version {SCHEMA_VERSION}",
                fix=f"use the mvx that wrote it ({value.get('mvx_version', 'unknown')})",
            )
        return Divergence.from_json(value)
    except (ValueError, RecursionError) as error:
        raise errors.InvalidReport(
            f"{name} is not a divergence report: {error}",
            fix="give a file written by `mvx run --report FILE`",
        ) from None


def render(path: Path, *, form: Literal["text", "json"] = "text", color: bool = False) -> str:
    """Load a saved report and return it as text or JSON, without a newline at the end."""
    divergence = load(path)
    shown = _json(divergence) if form == "json" else text(divergence, color)
    return shown.removesuffix("\n")


def _json(divergence: Divergence) -> str:
    value = {"schema_version": SCHEMA_VERSION, **divergence.to_json()}
    return json.dumps(value, indent=2, ensure_ascii=True) + "\n"


def _clean(line: str) -> str:
    """Write what is not printable as an escape sequence of Python."""
    if line.isprintable():
        return line
    shown = (c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in line)
    return "".join(shown)


def _cut(line: str, width: int) -> str:
    return line if len(line) <= width else line[: width - 1] + "…"


def _wrap(label: str, paragraph: str, style: str = "") -> Lines:
    """Yield a paragraph with a label before its first line, the others below its text."""
    parts = textwrap.wrap(_clean(paragraph), WIDTH - 12) or [""]
    for number, part in enumerate(parts):
        yield style, f"{label if number == 0 else '':<12}{part}"


def _label(state: VariantState) -> str:
    return _cut(_clean(f"{state.role} {state.variant}"), 12)


def _lines(divergence: Divergence) -> Lines:
    """Yield the report, section after section."""
    for part in textwrap.wrap(_clean(f"mvx: divergence: {divergence.summary}"), WIDTH):
        yield "alarm", part
    yield "", ""
    names = sorted({_named(state.call) for state in divergence.variants})
    yield from _wrap("what", f"{divergence.kind}: {KINDS[divergence.kind]}")
    yield from _wrap("where", f"{' / '.join(names)} in task set {divergence.task_set}")
    if divergence.signal is not None:
        yield from _wrap("signal", divergence.signal)
    yield from _wrap("command", " ".join(divergence.command))
    settings = f"{divergence.policy}, verify {divergence.verify}, seed {divergence.seed}"
    yield from _wrap("policy", settings)
    system = f"{divergence.kernel}, mvx {divergence.mvx_version}, {divergence.time}"
    yield from _wrap("system", system)

    yield from _title("Variants")
    for state in divergence.variants:
        where = f"pid {state.pid}" + (f", tid {state.tid}" if state.tid != state.pid else "")
        yield "", f"  {_label(state):<12} {where}, {state.state}"
    yield from _calls(divergence.variants)
    if divergence.first_difference is not None:
        yield from _bytes(divergence.first_difference, divergence.variants)
    yield from _stacks(divergence.variants)
    if divergence.kind in ("death", "integrity"):
        yield from _registers(divergence.variants)

    yield from _title(f"Last {len(divergence.agreed)} calls agreed on" if divergence.agreed else "")
    yield from (("quiet", f"  {line}") for line in divergence.agreed)
    yield from _title("Descriptors of the leader" if divergence.descriptors else "")
    for number, what in divergence.descriptors[:DESCRIPTORS_LIMIT]:
        yield "quiet", f"  {number:>4}  {what}"
    if (more := len(divergence.descriptors) - DESCRIPTORS_LIMIT) > 0:
        yield "quiet", f"        and {more} more (in the saved report)"

    if divergence.last_words is not None:
        yield from _title("Last words")
        lines = divergence.last_words.splitlines()
        yield from (("", f"  {_cut(_clean(line), WIDTH - 2)}") for line in lines[:WORDS_LIMIT])
        if (more := len(lines) - WORDS_LIMIT) > 0:
            yield "quiet", f"  and {more} more lines (in the saved report)"

    yield from _title("What to do")
    if divergence.likely_source is not None:
        yield from _wrap("  likely", divergence.likely_source)
    yield from _wrap("  next", divergence.advice)


def _title(title: str) -> Lines:
    if title:
        yield "", ""
        yield "title", title


def _named(call: Call | None) -> str:
    return call.name if call is not None else "no call"


def _calls(variants: tuple[VariantState, ...]) -> Lines:
    """Show the arguments under each other if all made the same call, else each variant's call."""
    calls = [(_label(state), state.call) for state in variants]
    same = [(label, call) for label, call in calls if call is not None]
    if len({(call.number, len(call.arguments)) for _, call in same}) == 1 and same == calls:
        name = same[0][1].name
        yield from _title(f"Arguments of {name}")
        for position in range(len(same[0][1].arguments)):
            yield from _argument([(label, call.arguments[position]) for label, call in same])
        results = [(label, call.result) for label, call in same if call.result is not None]
        if results:
            yield from _compared("= result", results, mark=len({what for _, what in results}) > 1)
    elif same:
        yield from _title("Calls")
        for label, made in calls:
            if made is None:
                yield "mark", f"  {label:<12} no call"
                continue
            arguments = ", ".join(argument.text for argument in made.arguments)
            result = "" if made.result is None else f" = {made.result}"
            yield "mark", f"  {label:<12} {made.name}({arguments}){result}"


def _argument(shown: list[tuple[str, Argument]]) -> Lines:
    differs = any(argument.differs for _, argument in shown)
    texts = [(label, argument.text) for label, argument in shown]
    yield from _compared(shown[0][1].name, texts, mark=differs)


def _compared(name: str, texts: list[tuple[str, str]], *, mark: bool) -> Lines:
    """Show one value of all variants: once if they agree, else under each other with a mark."""
    name = f"{'!' if mark else ' '} {_cut(_clean(name), 12):<12}"
    if not mark and len({shown for _, shown in texts}) == 1:
        yield "", f"{name} {'all':<12} {texts[0][1]}"
        return
    cleaned = [_clean(shown) for _, shown in texts]
    at = len(commonprefix(cleaned))  # noqa: RUF071  # characters are meant
    space = WIDTH - 28
    if at > space - 8:  # move the window so that the difference is in it
        cut = at - space // 2
        cleaned, at = ["…" + shown[cut + 1 :] for shown in cleaned], at - cut
    for number, ((label, _), shown) in enumerate(zip(texts, cleaned, strict=True)):
        before = name if number == 0 else " " * len(name)
        yield "mark" if mark else "", f"{before} {label:<12} {shown}"
    if mark and len(set(cleaned)) > 1:
        yield "mark", " " * (len(name) + 14 + at) + "^"


def _bytes(difference: FirstDifference, variants: tuple[VariantState, ...]) -> Lines:
    """Show the variants' bytes around the first difference, row by row."""
    at = difference.offset
    yield from _title(f"First difference: {difference.argument}, byte {at} ({at:#x})")
    labels = [_label(state) for state in variants]
    longest = max((len(window) for window in difference.windows), default=0)
    for row in range(0, longest, 16):
        for label, window in zip(labels, difference.windows, strict=False):
            part = window[row : row + 16]
            pairs = " ".join(f"{byte:02x}" for byte in part) or "(nothing)"
            shown = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in part)
            yield "", f"  {label:<12} {difference.start + row:6x}  {pairs:<47}  {shown}"
        column = at - difference.start - row
        if 0 <= column < 16:
            yield "mark", " " * (23 + 3 * column) + "^^" + " " * (47 - 2 * column) + "^"


def _stacks(variants: tuple[VariantState, ...]) -> Lines:
    """Show each stack once, whoever has it."""
    groups: dict[tuple[object, ...], list[VariantState]] = {}
    for state in variants:
        key = tuple((f.module, f.offset, f.function, f.reliable) for f in state.stack)
        groups.setdefault(key, []).append(state)
    for states in groups.values():
        owners = " and ".join(_label(state) for state in states)
        addresses = f" (addresses of {_label(states[0])})" if len(states) > 1 else ""
        yield from _title(f"Stack of {owners}{addresses}" if states[0].stack else "")
        for number, frame in enumerate(states[0].stack):
            yield "" if frame.reliable else "quiet", _frame(number, frame)
        if not all(frame.reliable for frame in states[0].stack):
            yield "quiet", "  ? = not sure: no unwind information, or no plausible return address"


def _frame(number: int, frame: Frame) -> str:
    module = frame.module if frame.module.startswith("[") else os.path.basename(frame.module)
    where = f"{module}+{frame.offset:#x}"
    if frame.function is not None:
        where = f"{frame.function}+{frame.function_offset:#x} ({where})"
    return f"{' ' if frame.reliable else '?'} #{number:<2} {frame.address:#018x}  {where}"


def _registers(variants: tuple[VariantState, ...]) -> Lines:
    for state in variants:
        yield from _title(f"Registers of {_label(state)}" if state.registers else "")
        shown = [f"{name:>8} {value:#018x}" for name, value in state.registers.items()]
        for at in range(0, len(shown), 3):
            yield "quiet", "".join(shown[at : at + 3])
