"""What is done about a difference that a follower's agent found: none, by a rule; seen, but let go
(`--on-divergence observe`, `--calibrate`); or a divergence.

The agent waits at the control gate meanwhile. What it says is a hint where to look: the difference
is taken from the leader's message and the follower's own memory. Only differences that leave the
rest of the leader's message readable can be let go: a call without an irregular part whose
buffers do not depend on the differing argument; and, of calls that one variant makes alone, those
without an effect.
"""

from __future__ import annotations

import os
import re
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mvx import addresses, kernel, rules
from mvx.layout import MESSAGES, VERDICTS
from mvx.records import MESSAGE
from mvx.rules import Difference, Rule
from mvx.specification.table import RULES
from mvx.specification.vocabulary import CallFlag, Executor, Handler, Kind

if TYPE_CHECKING:
    from mvx.compared import Compared
    from mvx.monitor import Monitor
    from mvx.tasks import Task

EQUAL: Final = list(VERDICTS).index("EQUAL")
OWN: Final = list(VERDICTS).index("OWN")
SKIP: Final = list(VERDICTS).index("SKIP")
_CALL: Final = list(MESSAGES).index("CALL")
_OF_PROGRAMS: Final = Path(__file__).with_name("programs.toml")
_OF_BUILDS: Final = Path(__file__).with_name("builds.toml")
_ALONE_MAX: Final = 10_000
"""Calls that a task set's variants may make alone before that is a divergence after all."""
_LOOK_AHEAD: Final = 64 * 1024
_REGULAR: Final = frozenset({Handler.NONE, Handler.OPEN, Handler.CLOSE, Handler.PRLIMIT})
_IGNORED: Final = (r"0x[0-9a-f]+", r"[0-9]+", r"[0-9A-Fa-f]+", r"[0-9A-Za-z]+")
"""What a proposed rule may ignore, the narrowest first."""
_SHOWN: Final = 60
_DRAWN_APART: Final = frozenset({"getrandom"})
"""Calls without other inputs than how much is asked for: one that asks for another amount may be
another call, not the same with another argument.
"""
_PROPOSED: Final = "proposed by --calibrate: say here why this is harmless"
_STREAMS: Final = ("<stdin>", "<stdout>", "<stderr>")
_NUMBERED: Final = re.compile(r"([a-z_]+:)\[[0-9]+\]")


class Judge:
    """Judges the differences of one run."""

    def __init__(self, monitor: Monitor) -> None:
        """Load the user's rules; those that come with mvx are loaded at the first difference."""
        options = monitor.options
        self._monitor = monitor
        self._observes = options.on_divergence == "observe"
        self._own = [rule for path in options.rules for rule in rules.load(path).differences]
        self._of_programs: list[Rule] | None = None
        self._of_builds: list[Rule] | None = None
        self._alone: Counter[int] = Counter()
        self._seen: Counter[Difference] = Counter()
        self._examples: dict[Difference, Difference] = {}

    def _rules(self, task: Task) -> list[Rule]:
        if self._of_programs is None:
            self._of_programs = rules.load(_OF_PROGRAMS).differences
        if not _has_own_program(task):
            return self._own + self._of_programs
        if self._of_builds is None:
            self._of_builds = rules.load(_OF_BUILDS).differences
        return self._own + self._of_programs + self._of_builds

    def verdict(self, task: Task, argument: int) -> int:
        """What the follower's agent is to do about its difference; 0: this is a divergence.

        `argument`: the index that the agent said; -1 where the variants make different calls.
        """
        from mvx import compared
        from mvx.witness import FAILED, Witness

        try:
            witness = Witness(self._monitor, task.variant.index, task)
            own = witness.made()
            arena, lane = self._monitor.arenas.arenas[0], task.set.lane
            position = witness.position
            other = compared.from_lane(arena, lane, position, arena.word(lane, "head"))
            if own is not None and other is None and own.data(argument) is not None:
                # The ring has been overwritten by a long buffer: its header was agreed on before.
                other = own._replace(inputs={})
            if own is None or other is None:
                return 0
            if argument < 0:
                return self._alone_verdict(task, own, other, position)
            return self._argument_verdict(task, own, other, argument)
        except FAILED:
            return 0

    # The same call with another argument

    def _argument_verdict(self, task: Task, own: Compared, other: Compared, argument: int) -> int:
        if own.number != other.number or not _is_readable(own, argument):
            return 0
        difference = Difference(
            own.name,
            own.parameters()[argument].name,
            _value(other, argument),
            _value(own, argument),
            path=self._path(task, own),
            stream=_stream(task, own),
            programs=self._programs(task),
            distances=self._distances(task),
        )
        if any(rule.allows(difference) for rule in self._rules(task)):
            task.set.pardoned.add((task.variant.index, own.number, difference.argument))
            return EQUAL
        if self._is_leaders_alone(task, other):
            return SKIP
        if not self._observes:
            return 0
        task.set.pardoned.add((task.variant.index, own.number, difference.argument))
        self._see(task, difference)
        return EQUAL

    def _is_leaders_alone(self, task: Task, other: Compared) -> bool:
        """Whether the leader's is another call than the follower's of that name, by a rule."""
        if RULES[other.number].name not in _DRAWN_APART or not _is_harmless(other, alone=False):
            return False
        theirs = Difference(other.name, surplus="leader", programs=self._programs(task))
        return any(rule.allows(theirs) for rule in self._rules(task))

    # A call that one variant makes alone

    def _alone_verdict(self, task: Task, own: Compared, other: Compared, position: int) -> int:
        self._alone[task.set.identifier] += 1
        if self._alone[task.set.identifier] > _ALONE_MAX:
            return 0
        programs = self._programs(task)
        mine = Difference(
            own.name, surplus="variant", path=self._path(task, own), programs=programs
        )
        theirs = Difference(
            other.name, surplus="leader", path=self._path(task, other), programs=programs
        )
        may_own, may_skip = _is_harmless(own, alone=True), _is_harmless(other, alone=False)
        for rule in self._rules(task):
            if may_own and rule.allows(mine):
                task.own_call = own.number
                return OWN
            if may_skip and rule.allows(theirs):
                return SKIP
        if not self._observes or not (may_own or may_skip):
            return 0
        if may_skip and (not may_own or self._comes_later(task, own.number, position)):
            self._see(task, theirs)
            return SKIP
        self._see(task, mine)
        task.own_call = own.number
        return OWN

    def _comes_later(self, task: Task, number: int, position: int) -> bool:
        """Whether the leader has published a call of that number after a position."""
        arena, lane = self._monitor.arenas.arenas[0], task.set.lane
        size = min(arena.word(lane, "head") - position, _LOOK_AHEAD)
        content = arena.ring(lane, position, max(size, 0))
        header = MESSAGE.pack(kind=_CALL, number=number)[: MESSAGE.offset("result")]
        return content.find(header, MESSAGE.size) >= 0

    # What was seen

    def _path(self, task: Task, call: Compared) -> str:
        """The file that a call is about."""
        for index, parameter in enumerate(call.parameters()):
            if parameter.kind is Kind.PATH:
                return os.fsdecode(call.inputs.get(index, b"").rstrip(b"\0"))
        for index, parameter in enumerate(call.parameters()):
            if parameter.kind is Kind.DESCRIPTOR:
                leader = task.set.tasks[0]
                try:
                    number = call.arguments[index] & 0xFFFFFFFF
                    return os.readlink(f"/proc/{leader.tid}/fd/{number}")
                except OSError:
                    return ""
        return ""

    def _programs(self, task: Task) -> tuple[str, ...]:
        """The program as it was given, and the file that the leader's task executes."""
        return self._monitor.options.program, kernel.executed(task.set.tasks[0].tid)

    def _distances(self, task: Task) -> frozenset[int]:
        """By how much code, loader and stack lie higher than in the leader."""
        ours, own = task.set.tasks[0].space, task.space
        if ours is None or own is None:
            return frozenset()
        code = self._monitor.placement.distances(ours.home, own.home)
        return frozenset({*code, own.stack_start - ours.stack_start} - {0})

    def _see(self, task: Task, difference: Difference) -> None:
        """Tell of a difference that is let go, the first time."""
        key = Difference(
            difference.call,
            difference.argument,
            surplus=difference.surplus,
            path=difference.stream or difference.path,
        )
        self._seen[key] += 1
        if key not in self._examples:
            self._examples[key] = difference
            sys.stderr.write(
                f"mvx: observed: variant {task.variant.index}: {_sentence(difference)}\n"
            )

    def finish(self, calibrate: Path | None) -> None:
        """The end of the run: count what was let go, and propose rules for it."""
        if not self._observes:
            return
        count = sum(self._seen.values())
        sys.stderr.write(f"mvx: observed {count} differences of {len(self._seen)} kinds\n")
        if calibrate is None:
            return
        proposed = [
            (
                _proposal(self._examples[key]),
                f"seen {times} times, first: {_sentence(self._examples[key])}",
            )
            for key, times in self._seen.most_common()
        ]
        ordering = self._monitor.ordering
        threads = ordering.proposals() if ordering is not None else []
        calibrate.write_text(rules.text(proposed, threads), encoding="utf-8")


def _stream(task: Task, call: Compared) -> str:
    """The standard stream that a call's first descriptor is, if it is mvx's own."""
    for index, parameter in enumerate(call.parameters()):
        if parameter.kind is Kind.DESCRIPTOR:
            number = call.arguments[index] & 0xFFFFFFFF
            if number >= len(_STREAMS):
                return ""
            try:
                theirs = os.stat(f"/proc/{task.set.tasks[0].tid}/fd/{number}")
                ours = os.fstat(number)
            except OSError:
                return ""
            return _STREAMS[number] if os.path.samestat(theirs, ours) else ""
    return ""


def _has_own_program(task: Task) -> bool:
    return task.space is not None and task.space.own_program


def _is_readable(call: Compared, argument: int) -> bool:
    """Whether the rest of the leader's message can be read although an argument differs."""
    rule = RULES[call.number]
    parameters = call.parameters()
    if argument >= len(parameters) or Handler(rule.handler) not in _REGULAR:
        return False
    if parameters[argument].kind in (Kind.VECTOR, Kind.STRINGS):
        return parameters[argument].kind is Kind.VECTOR  # as many pieces in both
    return not any(
        parameter.operand == argument
        and (parameter.kind is Kind.VECTOR or (parameter.structure and parameter.structure.layout))
        for parameter in parameters
    )


def _is_harmless(call: Compared, *, alone: bool) -> bool:
    """Whether a variant may make a call alone, or pass over it: no effect, nothing irregular."""
    rule = RULES.get(call.number)
    if rule is None or Handler(rule.handler) not in _REGULAR:
        return False
    flags = CallFlag(rule.flags)
    if rule.name == "prlimit64" and not call.arguments[2]:
        flags &= ~CallFlag.SENSITIVE  # it only asks
    if flags & (CallFlag.EFFECT | CallFlag.NO_RETURN | CallFlag.SENSITIVE):
        return False
    if (
        rule.name in {"open", "openat"}
        and call.arguments[2 if rule.name == "openat" else 1] & 0x243
    ):
        return False  # for writing, O_CREAT, O_TRUNC
    if rule.name == "sigaltstack":
        return alone and not call.arguments[0]  # it only asks
    if Executor(rule.executor) not in (Executor.LEADER, Executor.EVERYONE):
        return False
    # A follower has placeholders: a read of its own would find another file.
    return not (alone and flags & CallFlag.DESCRIPTOR)


def _value(call: Compared, argument: int) -> bytes:
    """One side of an argument: its bytes as they are compared, or its number."""
    data = call.data(argument)
    return str(call.arguments[argument]).encode() if data is None else data


def _sentence(difference: Difference) -> str:
    name = difference.stream or difference.path
    about = f" of {name}" if name else ""
    if difference.surplus:
        who = "the leader" if difference.surplus == "leader" else "the variant"
        return f"{who} alone calls {difference.call}{about}"
    pairs = zip(difference.leader, difference.variant, strict=False)
    shorter = min(len(difference.leader), len(difference.variant))
    at = next((at for at, (one, other) in enumerate(pairs) if one != other), shorter)
    sides = [_shown(side, at) for side in (difference.leader, difference.variant)]
    return (
        f"{difference.call}{about}: {difference.argument} differs at byte {at}:"
        f" leader {sides[0]}, variant {sides[1]}"
    )


def _shown(side: bytes, at: int) -> str:
    start = max(0, at - _SHOWN // 3)
    text = ascii(side[start : start + _SHOWN].decode("latin-1"))
    return f"…{text}" if start else text


def _proposal(difference: Difference) -> Rule:
    """The narrowest rule that allows a difference."""
    ignore = None
    sides = difference.leader, difference.variant
    if difference.argument and addresses.are_alike(*sides, difference.distances):
        return Rule(
            _PROPOSED,
            frozenset({difference.call}),
            difference.argument,
            equal="addresses",
            path=difference.stream or _pattern(difference.path),
        )
    for pattern in _IGNORED if difference.argument else ():
        tried = re.compile(pattern.encode(), re.DOTALL)
        if tried.sub(b"", difference.leader) == tried.sub(b"", difference.variant):
            ignore = tried
            break
    return Rule(
        _PROPOSED,
        frozenset({difference.call}),
        difference.argument,
        ignore,
        surplus=difference.surplus,
        path=difference.stream or _pattern(difference.path),
    )


def _pattern(path: str) -> str:
    """The narrowest pattern that means a file in the next run too: pipes have other numbers."""
    if (match := _NUMBERED.fullmatch(path)) is not None:
        return f"{match[1]}*"
    return rules.literal(path)
