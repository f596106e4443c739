"""What a divergence is: pure data that the supervisor writes and the report reads.

Every class turns into JSON and back from its annotations alone, so a field is declared once. Bytes
become hexadecimal text; addresses and registers (`Hex`) become `0x…` text, because many JSON
readers keep numbers as doubles and lose bits above 2**53. All of it may have been chosen by an
attacker: nothing here trusts a byte of it.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from os.path import commonprefix
from types import UnionType
from typing import Annotated, Any, Literal, Self, get_args, get_origin, get_type_hints

Kind = Literal["call", "argument", "result", "death", "timeout", "refused", "integrity"]
Hex = Annotated[int, "hex"]
Ranges = Sequence[Sequence[tuple[int, int]]]

KINDS: dict[Kind, str] = {
    "call": "the variants made different calls",
    "argument": "the variants made the same call with different arguments",
    "result": "the same call returned different results",
    "death": "one variant ended alone",
    "timeout": "one variant did not arrive at the call the others wait at",
    "refused": "the program asked for something mvx does not support",
    "integrity": "something that belongs to the monitor was changed by a variant",
}


class Record:
    """A dataclass that knows its JSON form."""

    def to_json(self) -> dict[str, Any]:
        """Return the record as JSON-ready dictionaries, lists, strings, numbers and None."""
        return _encode(type(self), self)  # type: ignore[no-any-return]

    @classmethod
    def from_json(cls, value: object) -> Self:
        """Build the record from `to_json`'s form.

        Raises ValueError, naming the field, when something is missing, unknown or of another type.
        """
        return _decode(cls, value, cls.__name__)  # type: ignore[no-any-return]


@dataclass(frozen=True)
class Argument(Record):
    """One argument of a call.

    `text` is for people: `3</tmp/x>`, `"hello"...`, `O_RDONLY|O_CLOEXEC`. `data` holds the bytes
    that were compared, or None where bytes were not compared; whoever builds it bounds it.
    """

    name: str
    text: str
    data: bytes | None
    differs: bool


@dataclass(frozen=True)
class Call(Record):
    """One system call; `result` is None while it has none."""

    number: int
    name: str
    arguments: tuple[Argument, ...]
    result: str | None


@dataclass(frozen=True)
class Frame(Record):
    """One entry of a stack.

    `offset` is the address as the module's ELF file counts it (what addr2line wants); without a
    file, the distance from the start of the memory. `build_id` is hexadecimal or empty.
    `reliable` is False from where the stack could no longer be trusted.
    """

    address: Hex
    module: str
    build_id: str
    offset: Hex
    function: str | None
    function_offset: int
    reliable: bool = True


@dataclass(frozen=True)
class VariantState(Record):
    """One variant's task; `state` is a few words for people ("killed by SIGSEGV")."""

    variant: int
    role: str
    pid: int
    tid: int
    state: str
    call: Call | None
    stack: tuple[Frame, ...]
    registers: dict[str, Hex]


@dataclass(frozen=True)
class FirstDifference(Record):
    """The first byte at which the variants' data differ.

    `windows` holds each variant's bytes from byte `start` on, empty where the data end before.
    """

    argument: str
    offset: int
    start: int
    windows: tuple[bytes, ...]


@dataclass(frozen=True)
class Divergence(Record):
    """Everything known about one divergence.

    `agreed` are the last calls agreed on, decoded, oldest first; `descriptors` are the leader's;
    `time` is ISO 8601; `signal` is the signal's name where one is part of it; `last_words` is what
    the variant that disagreed went on to write on standard error.
    """

    kind: Kind
    summary: str
    task_set: int
    command: tuple[str, ...]
    policy: str
    verify: str
    variants: tuple[VariantState, ...]
    agreed: tuple[str, ...]
    descriptors: tuple[tuple[int, str], ...]
    seed: int
    first_difference: FirstDifference | None
    likely_source: str | None
    advice: str
    kernel: str
    mvx_version: str
    time: str
    signal: str | None = None
    last_words: str | None = None


def first_difference(
    argument: str, data: Sequence[bytes | None], width: int = 48
) -> FirstDifference | None:
    """Find the first byte at which the variants' bytes differ; None when they are all equal.

    The windows are `width` bytes from a multiple of 16, with at least 16 bytes before if there are.
    """
    known = [item or b"" for item in data]
    if len(set(known)) < 2:
        return None
    offset = len(commonprefix(known))  # noqa: RUF071  # bytes are meant, not path components
    start = max(0, offset // 16 * 16 - 16)
    windows = tuple(item[start : start + width] for item in known)
    return FirstDifference(argument, offset, start, windows)


# The guess at the cause: the known sources of false alarms, and real memory corruption. The first
# rule that matches wins, so the surest stand first.

_BINARY = re.compile(rb"[\x00-\x08\x0e-\x1f]")
FAULTS = ("SIGSEGV", "SIGBUS", "SIGILL", "SIGFPE", "SIGTRAP", "SIGABRT", "SIGSYS")


@dataclass(frozen=True)
class Evidence:
    """What a rule may look at: `data` are the variants' bytes, `offset` the first difference."""

    kind: Kind
    variants: tuple[VariantState, ...]
    data: tuple[bytes, ...]
    offset: int
    threads: int
    ranges: Ranges

    @property
    def is_text(self) -> bool:
        """Whether the bytes around the difference can be read."""
        around = slice(max(0, self.offset - 8), self.offset + 8)
        return all(
            data[around].isascii() and not _BINARY.search(data[around]) for data in self.data
        )

    def tokens(self, characters: str) -> tuple[bytes, ...]:
        """Return each variant's run of `characters` around the difference, if it differs."""
        allowed = re.compile(f"[{characters}]*".encode())
        found = []
        for data in self.data:
            before, after = data[: self.offset][::-1], data[self.offset :]
            runs = [run[0] if (run := allowed.match(part)) else b"" for part in (before, after)]
            found.append(runs[0][::-1] + runs[1])
        return tuple(found) if all(found) and len(set(found)) > 1 else ()

    def numbers(self, sizes: tuple[int, ...], base: int) -> Iterator[tuple[int, ...]]:
        """Yield the variants' numbers at the difference: binary (aligned if guessed), then text."""
        for size in sizes:
            for place in range(max(0, self.offset - size + 1), self.offset + 1):
                parts = [data[place : place + size] for data in self.data]
                aligned = bool(self.ranges) or place % size == 0
                if parts and aligned and all(len(part) == size for part in parts):
                    yield tuple(int.from_bytes(part, "little") for part in parts)
        tokens = [t.rpartition(b"x")[2] for t in self.tokens("0-9a-fA-Fx" if base > 10 else "0-9")]
        if tokens and all(len(token) <= 20 and re.fullmatch(b"[^x]+", token) for token in tokens):
            yield tuple(int(token, base) for token in tokens)

    def is_address(self, variant: int, value: int) -> bool:
        """Say whether `value` can be an address of the variant."""
        if variant < len(self.ranges) and self.ranges[variant]:
            return any(start <= value < end for start, end in self.ranges[variant])
        return 0x5500_0000_0000 <= value < 0x8000_0000_0000  # PIE, heap, libraries, stack


def _address(evidence: Evidence) -> bool:
    if any(
        len(set(values)) > 1 and all(evidence.is_address(*pair) for pair in enumerate(values))
        for values in evidence.numbers((8,), 16)
    ):
        return True
    # An address near memory of the variant's, but outside: of a fault, or behind an end.
    texts = evidence.tokens("0-9a-fx")
    return bool(texts) and all(re.fullmatch(b"0x[0-9a-f]{11,12}", text) for text in texts)


def _pid(evidence: Evidence) -> bool:
    own = [(state.pid, state.tid) for state in evidence.variants]
    return any(
        len(set(values)) > 1
        and len(values) == len(own)
        and all(value in pair for value, pair in zip(values, own, strict=True))
        for values in evidence.numbers((4,), 10)
    )


def _time(evidence: Evidence) -> bool:
    texts = evidence.tokens("0-9:.")
    if texts and all(re.fullmatch(rb"\d+(:\d\d)+(\.\d+)?|1\d{9}\.\d+", text) for text in texts):
        return True
    return any(
        978_307_200 * unit <= min(values) <= max(values) < 2**32 * unit  # the years 2001 to 2106
        and 0 < max(values) - min(values) <= 3600 * unit
        for values in evidence.numbers(() if evidence.is_text else (8, 4), 10)
        for unit in (1, 10**3, 10**6, 10**9)
    )


def _padding(evidence: Evidence) -> bool:
    # Only the last bytes of an 8-byte word differ, and one variant has zeros there.
    end = evidence.offset // 8 * 8 + 8
    parts = [data[evidence.offset : end] for data in evidence.data]
    if evidence.offset % 8 == 0 or any(len(part) < end - evidence.offset for part in parts):
        return False
    return not all(any(part) for part in parts) and len({data[end:] for data in evidence.data}) == 1


def _random(evidence: Evidence) -> bool:
    parts = [data[evidence.offset : evidence.offset + 16] for data in evidence.data]
    if all(len(part) < 16 or len(set(part)) < 10 for part in parts):
        parts = list(evidence.tokens("0-9A-Za-z"))  # a name or number in text
    if len({len(part) for part in parts}) != 1 or len(parts[0]) < 6:
        return False
    differing = sum(len(set(column)) > 1 for column in zip(*parts, strict=True))
    return differing * 3 > len(parts[0]) * 2


def _faulted(evidence: Evidence) -> bool:
    hit = [any(name in state.state for name in FAULTS) for state in evidence.variants]
    return any(hit) and not all(hit)


@dataclass(frozen=True)
class Source:
    """A known source of divergences: what happened, what to do about it, and how it shows."""

    name: str
    sentence: str
    advice: str
    matches: Callable[[Evidence], bool]


SOURCES = (
    Source(
        "memory corruption",
        "one variant faulted where the others went on",
        "Treat it as an attack until shown otherwise. Keep the input; run AddressSanitizer on it.",
        _faulted,
    ),
    Source(
        "monitor attacked",
        "a variant changed something that only the monitor may change",
        "Treat the run as an attack. Keep the report, the program and its input.",
        lambda evidence: evidence.kind == "integrity",
    ),
    Source(
        "unsupported",
        "mvx refuses what it cannot run the same way in every variant",
        "See `mvx syscalls` for what is supported and why the rest is not.",
        lambda evidence: evidence.kind == "refused",
    ),
    Source(
        "address leak",
        "an address was written out, as bytes or as text (%p)",
        "Find who writes the pointer (see the stacks): it tells an attacker the layout.",
        _address,
    ),
    Source(
        "process id",
        "each variant wrote out its own process or thread number",
        "The variants should have equal numbers: look where the program got it if not by a call.",
        _pid,
    ),
    Source(
        "time",
        "the variants wrote out different times",
        "Look how the program reads the clock: an instruction or a page that mvx does not see.",
        _time,
    ),
    Source(
        "uninitialised memory",
        "bytes differ that look like padding or were never set",
        "Clear the structure before it is filled (memset, = {0}): old memory leaks out here.",
        _padding,
    ),
    Source(
        "random numbers",
        "the variants wrote out different random bytes or names",
        "Look where they come from: RDRAND, AT_RANDOM, an address as a seed, unset memory.",
        _random,
    ),
    Source(
        "thread interleaving",
        "the program has several threads, which ran in another order in each variant",
        "Try it with one thread; if it then agrees, the order of the threads decides. What "
        "`--threads ordered` cannot order, `--threads serial` can.",
        lambda evidence: evidence.kind in ("call", "argument") and evidence.threads > 1,
    ),
    Source(
        "one variant late",
        "a variant computes, waits for a lock, or needs longer than the time allowed",
        "Look at its stack for a loop that waits for time or for another thread.",
        lambda evidence: evidence.kind == "timeout",
    ),
)

ADVICE = (
    "Run the same program as every variant with the same input: if that diverges too, the program "
    "is not deterministic here; if not, suspect the input or what differs between the variants."
)


def likely_source(
    kind: Kind,
    variants: Sequence[VariantState],
    difference: FirstDifference | None = None,
    *,
    threads: int = 1,
    ranges: Ranges = (),
) -> Source | None:
    """Guess the known source of a divergence; None when no rule fits (then give `ADVICE`).

    `threads` is the number of task sets; `ranges`, each variant's mappings as (start, end), makes
    sure what an address is. A guess, never a verdict: an attacker can imitate any of them.
    """
    data = difference.windows if difference else ()
    offset = difference.offset - difference.start if difference else 0
    evidence = Evidence(kind, tuple(variants), data, offset, threads, ranges)
    return next((source for source in SOURCES if source.matches(evidence)), None)


def _encode(annotation: Any, value: Any) -> Any:
    """Turn a value of the declared type into JSON."""
    origin, parts = get_origin(annotation), get_args(annotation)
    if value is None:
        return None
    if origin is UnionType:
        return _encode(parts[0], value)
    if annotation == Hex or annotation is bytes:
        return hex(value) if annotation == Hex else value.hex()
    if isinstance(annotation, type) and issubclass(annotation, Record):
        hints = get_type_hints(annotation, include_extras=True)
        return {name: _encode(hint, getattr(value, name)) for name, hint in hints.items()}
    if origin is dict:
        return {key: _encode(parts[1], item) for key, item in value.items()}
    if origin is tuple:
        types = parts[:1] * len(value) if parts[-1] is ... else parts
        return [_encode(part, item) for part, item in zip(types, value, strict=True)]
    return value


def _decode(annotation: Any, value: Any, where: str) -> Any:
    """Turn JSON into a value of the declared type, or raise ValueError naming the place."""
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is UnionType:
        return None if value is None else _decode(parts[0], value, where)
    if (annotation == Hex or annotation is bytes) and isinstance(value, str):
        return int(value, 16) if annotation == Hex else bytes.fromhex(value)
    if isinstance(annotation, type) and issubclass(annotation, Record):
        hints = get_type_hints(annotation, include_extras=True)
        if isinstance(value, dict) and set(value) == set(hints):
            decoded = {key: _decode(hints[key], value[key], f"{where}.{key}") for key in hints}
            return annotation(**decoded)
    elif origin is dict and isinstance(value, dict):
        return {key: _decode(parts[1], item, f"{where}.{key}") for key, item in value.items()}
    elif origin is tuple and isinstance(value, list):
        types = parts[:1] * len(value) if parts[-1] is ... else parts
        if len(types) == len(value):
            pairs = enumerate(zip(types, value, strict=True))
            return tuple(_decode(part, item, f"{where}[{at}]") for at, (part, item) in pairs)
    elif (origin is Literal and value in parts) or type(value) is annotation:
        return value
    raise ValueError(f"{where}: not a {getattr(annotation, '__name__', annotation)}")
