"""Rules: differences between variants that are none, as data with a reason.

A file of rules is TOML, a list of tables ``[[rule]]``:

=========== =====================================================================================
reason      why the difference is harmless, for whoever reads the file next (required)
call        name of the call, or a list of names (required)
argument    the argument that may differ
ignore      regular expression: the two sides of that argument are equal without what it matches
equal       "addresses": they are equal but for addresses of places that correspond (addresses.py)
surplus     "variant": a follower may make the call where the leader does not, and makes it itself;
            "leader": the leader may, and followers pass over it; "any": both
path        pattern (fnmatch) of the file that the call is about: its descriptor, or its path; or
            the name of a standard stream that the program has from mvx
program     pattern of the program's file as it was given, or of the file that the task executes
=========== =====================================================================================

A rule has either `argument` or `surplus`. It is looked at only when a difference was found, so
rules cost nothing otherwise.

The same file may say of programs how their threads run, in tables ``[[threads]]``:

=========== =====================================================================================
reason      why (required)
program     pattern of the file that is executed (required)
way         "ordered": in parallel, also with `--threads auto`; "serial": one at a time, also with
            `--threads ordered` (required)
=========== =====================================================================================
"""

from __future__ import annotations

import fnmatch
import re
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from mvx import addresses, errors
from mvx.specification.table import RULES

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

Surplus = Literal["", "variant", "leader", "any"]
Equal = Literal["", "addresses"]
Way = Literal["ordered", "serial"]

_NAMES: Final = frozenset(rule.name for rule in RULES.values())
_SURPLUS: Final = ("variant", "leader", "any")
_WAYS: Final = ("ordered", "serial")


class Difference(NamedTuple):
    """What a rule is asked about: a call and, unless it is surplus, an argument's two sides."""

    call: str
    argument: str = ""
    leader: bytes = b""
    variant: bytes = b""
    surplus: Surplus = ""
    """Whose call it is, when only one makes it."""
    path: str = ""
    stream: str = ""
    """``<stdin>``, ``<stdout>``, ``<stderr>``: what mvx has as such, under that number."""
    programs: tuple[str, ...] = ()
    """The program as it was given, and the file that the task executes."""
    distances: frozenset[int] = frozenset()
    """By how much things lie higher in the variant than in the leader."""


class Rule(NamedTuple):
    """One rule; `where` names it in messages."""

    reason: str
    calls: frozenset[str]
    argument: str = ""
    ignore: re.Pattern[bytes] | None = None
    equal: Equal = ""
    surplus: Surplus = ""
    path: str = ""
    program: str = ""
    where: str = ""

    def allows(self, difference: Difference) -> bool:
        """Whether this rule calls the difference none."""
        if difference.call not in self.calls:
            return False
        if self.surplus != difference.surplus and (self.surplus != "any" or not difference.surplus):
            return False
        if self.argument != difference.argument:
            return False
        if self.path not in ("", difference.stream) and not fnmatch.fnmatchcase(
            difference.path, self.path
        ):
            return False
        if self.program and not any(
            fnmatch.fnmatchcase(program, self.program) for program in difference.programs
        ):
            return False
        if self.equal == "addresses":
            return addresses.are_alike(difference.leader, difference.variant, difference.distances)
        if self.ignore is None:
            return True
        return self.ignore.sub(b"", difference.leader) == self.ignore.sub(b"", difference.variant)


class Threads(NamedTuple):
    """How the threads of the programs run whose files match a pattern."""

    reason: str
    program: str
    way: Way


class Rules(NamedTuple):
    """What a file says."""

    differences: list[Rule]
    threads: list[Threads]


def load(path: Path) -> Rules:
    """The rules of a file; raises FileFailed (it cannot be read) or UsageError (it is wrong)."""
    import tomllib

    try:
        content = path.read_text(encoding="utf-8")
        tables = tomllib.loads(content)
    except OSError as error:
        raise errors.FileFailed(
            f"cannot read {path}: {error.strerror}", fix="name a file of rules"
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise _wrong(f"{path}: {error}") from None
    if unknown := set(tables) - {"rule", "threads"}:
        raise _wrong(f"{path}: {', '.join(sorted(unknown))} is no list of [[rule]] or [[threads]]")
    entries = {name: tables.get(name, []) for name in ("rule", "threads")}
    for name, found in entries.items():
        if not isinstance(found, list):
            raise _wrong(f"{path}: {name} is no list of [[{name}]]")
    return Rules(
        [_rule(entry, f"{path}: rule {at}") for at, entry in enumerate(entries["rule"], 1)],
        [
            _threads(entry, f"{path}: threads {at}")
            for at, entry in enumerate(entries["threads"], 1)
        ],
    )


def _threads(entry: Any, where: str) -> Threads:
    names = Threads._fields
    if not isinstance(entry, dict) or set(entry) != set(names):
        raise _wrong(f"{where}: needs {', '.join(names)}, and nothing else")
    if not all(isinstance(word, str) and word for word in entry.values()):
        raise _wrong(f"{where}: a value that is no text")
    if entry["way"] not in _WAYS:
        raise _wrong(f"{where}: way is one of {', '.join(_WAYS)}")
    return Threads(**entry)


def _wrong(message: str) -> errors.UsageError:
    return errors.UsageError(message, fix="see docs/reference/rules.md")


def _rule(entry: Any, where: str) -> Rule:
    fields = {"reason", "call", "argument", "ignore", "equal", "surplus", "path", "program"}
    if not isinstance(entry, dict) or (unknown := set(entry) - fields):
        raise _wrong(f"{where}: {', '.join(sorted(unknown))} is unknown")
    calls = entry.get("call", [])
    calls = [calls] if isinstance(calls, str) else calls
    words = [*calls] if isinstance(calls, list) else [None]
    words += [value for name, value in entry.items() if name != "call"]
    if not all(isinstance(word, str) for word in words):
        raise _wrong(f"{where}: a value that is no text")
    if not entry.get("reason"):
        raise _wrong(f"{where}: no reason")
    if not calls or not set(calls) <= _NAMES:
        raise _wrong(f"{where}: {', '.join(sorted(set(calls) - _NAMES)) or 'nothing'} is no call")
    surplus = entry.get("surplus", "")
    if bool(surplus) == bool(entry.get("argument")) or (surplus and surplus not in _SURPLUS):
        raise _wrong(f"{where}: needs either argument or surplus ({', '.join(_SURPLUS)})")
    equal = entry.get("equal", "")
    if equal not in ("", "addresses") or (equal and (surplus or "ignore" in entry)):
        raise _wrong(f'{where}: equal is "addresses", with an argument and without ignore')
    try:
        ignore = re.compile(entry["ignore"].encode(), re.DOTALL) if "ignore" in entry else None
    except re.error as error:
        raise _wrong(f"{where}: ignore: {error}") from None
    return Rule(
        entry["reason"],
        frozenset(calls),
        entry.get("argument", ""),
        ignore,
        equal,
        surplus,
        entry.get("path", ""),
        entry.get("program", ""),
        where,
    )


def text(rules: Iterable[tuple[Rule, str]], threads: Iterable[Threads]) -> str:
    """Rules as a file, those about differences with a comment before each."""
    lines = []
    for each in threads:
        lines += ["[[threads]]", f"reason = {_quoted(each.reason)}"]
        lines += [f"program = {_quoted(each.program)}", f"way = {_quoted(each.way)}", ""]
    for rule, comment in rules:
        lines += [f"# {line}" for line in comment.splitlines()]
        lines += ["[[rule]]", f"reason = {_quoted(rule.reason)}"]
        lines.append(f"call = {_quoted(next(iter(rule.calls)))}")
        for name in ("argument", "equal", "surplus", "path", "program"):
            if getattr(rule, name):
                lines.append(f"{name} = {_quoted(getattr(rule, name))}")
        if rule.ignore is not None:
            lines.append(f"ignore = {_quoted(rule.ignore.pattern.decode())}")
        lines.append("")
    return "\n".join(lines)


def literal(path: str) -> str:
    """The pattern that matches this path alone."""
    return path.translate({ord(c): f"[{c}]" for c in "*?["})


def _quoted(value: str) -> str:
    """A basic string of TOML."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return (
        '"' + "".join(c if c >= " " and c != "\x7f" else f"\\u{ord(c):04x}" for c in escaped) + '"'
    )
