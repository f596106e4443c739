"""The verdict: everything that can be known about a divergence, collected while all variants stand still.

It runs in the supervisor, once, at the end of a run. Nothing here may raise or hang: each section that cannot be collected
is left out, and the variants are killed before anything is written, so that a reader who does not read holds up nothing.
"""

from __future__ import annotations

import datetime
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Final, TypeVar, cast

from mvx import __version__, compared, decode, divergence, errors, report, witness
from mvx.compared import Compared
from mvx.divergence import Argument, Call, Divergence, FirstDifference, Kind, VariantState
from mvx.specification import text
from mvx.specification.vocabulary import Direction
from mvx.specification.vocabulary import Kind as ArgumentKind
from mvx.tasks import State, Task
from mvx.witness import Witness

if TYPE_CHECKING:
    from mvx.monitor import Monitor
    from mvx.symbols import Images

_Section = TypeVar("_Section")

_DESCRIPTORS_MAX: Final = 64
_WINDOW: Final = 48
_OFFSET_MAX: Final = 1 << 32
_INT_KINDS: Final = frozenset({ArgumentKind.INT, ArgumentKind.DESCRIPTOR})
_FREE_KINDS: Final = frozenset({ArgumentKind.UNUSED, ArgumentKind.OPAQUE})
_AT_ONE_CALL: Final = frozenset({"call", "argument", "result", "integrity"})
"""Kinds whose finder stands in the call that the variants disagree on."""


def _try(section: Callable[[], _Section], otherwise: _Section) -> _Section:
    """A section of the report, or `otherwise` when it cannot be collected: the rest is written anyway."""
    try:
        return section()
    except Exception as error:  # noqa: BLE001 - variants are hostile, and this report is all that the user gets
        if os.environ.get("MVX_DEBUG") == "1":
            sys.stderr.write(f"mvx: debug: the report lacks a section: {error!r}\n")
        return otherwise


class Collector:
    """Collects one divergence and reports it."""

    def __init__(self, monitor: Monitor) -> None:
        """Works on the monitor's tasks."""
        self._monitor = monitor
        self._images: Images = {}

    def report(
        self, kind: str, task: Task, summary: str, argument: int = -1, offset: int = 0
    ) -> None:
        """Stop every variant, say on stderr why, and save the report if that was asked for.

        `task` found it; `argument` and `offset` are what its agent said of the first difference: hostile numbers.
        """
        known = cast("Kind", kind if kind in divergence.KINDS else "integrity")
        argument = argument if known == "argument" and 0 <= argument < 6 else -1
        offset = offset if 0 <= offset < _OFFSET_MAX else 0
        found = _try(lambda: self._collect(known, task, summary, argument, offset), None)
        for other in list(self._monitor.tasks.values()):
            self._monitor.kill_process(other)
        if found is None:
            _write(f"mvx: divergence: {summary or divergence.KINDS[known]} (no details)\n")
            return
        _write(_try(lambda: report.text(found, _on_terminal()), f"mvx: divergence: {summary}\n"))
        target = self._monitor.options.report
        if target is not None:
            try:
                report.save(found, target)
            except errors.MvxError as error:
                _write(f"{error.format()}\n")

    # Collecting

    def _collect(
        self, kind: Kind, finder: Task, summary: str, argument: int, offset: int
    ) -> Divergence:
        monitor, options = self._monitor, self._monitor.options
        if kind == "timeout" and finder.set.deadline is not None:
            # Whoever does not arrive has died, or is about to: that is what there is to say.
            kind, summary = "death", finder.set.deadline_reason
        witnesses = self._witnesses(finder)
        position = self._position(kind, finder, witnesses)
        made = [_try(lambda w=each: self._made(w, position, finder), None) for each in witnesses]  # type: ignore[misc]
        suspects = [item for item in made if item is not None]
        differing = _try(lambda: _differing(suspects), set[int]())
        differing |= {argument} if argument >= 0 else set()
        difference = _try(lambda: _difference(witnesses, made, differing, argument, offset), None)
        descriptors = _try(lambda: _descriptors(witnesses[0].task), ())
        names = dict(descriptors)
        states = tuple(
            self._state(each, _try(lambda m=item: _call(m, names, differing), None), position)  # type: ignore[misc]
            for each, item in zip(witnesses, made, strict=True)
        )
        source = _try(lambda: self._source(kind, finder, witnesses, states, difference), None)
        system = os.uname()
        return Divergence(
            kind=kind,
            summary=_summary(kind, summary, finder, states, difference),
            task_set=finder.set.identifier - 1,
            command=(options.program, *options.arguments[1:]),
            policy=options.policy,
            verify=options.verify,
            variants=states,
            agreed=_try(lambda: self._agreed(finder, position), ()),
            descriptors=descriptors,
            seed=monitor.seed,
            first_difference=difference,
            likely_source=f"{source.name}: {source.sentence}" if source else None,
            advice=source.advice if source else divergence.ADVICE,
            kernel=f"{system.sysname} {system.release}",
            mvx_version=__version__,
            time=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
            signal=next((each.signal for each in witnesses if each.signal), None),
        )

    def _witnesses(self, finder: Task) -> list[Witness]:
        """Stop everything; what the task of each variant shows, the leader's first."""
        monitor, tasks = self._monitor, finder.set.tasks
        statuses = witness.stop(list(monitor.tasks.values()), list(tasks.values()))
        for task in tasks.values():
            if task.state is State.ENDED:
                monitor.tasks.pop(task.tid, None)
        found = []
        for variant in monitor.variants:
            task = tasks.get(variant.index)
            status = statuses.get(task.tid, 0) if task is not None else 0
            found.append(Witness(monitor, variant.index, task, status))
        return found

    @staticmethod
    def _position(kind: Kind, finder: Task, witnesses: Sequence[Witness]) -> int:
        """Where the leader published the call in question; -1 where it is not about one call."""
        found = witnesses[finder.variant.index]
        return found.position if kind in _AT_ONE_CALL or found.at_call else -1

    def _made(self, seen: Witness, position: int, finder: Task) -> Compared | None:
        """A variant's side of the call at `position`; for one that is elsewhere what it does now, or nothing."""
        if position < 0 or seen.task is finder:
            return seen.made()
        if seen.position == position and seen.at_call:
            return seen.made()
        if seen.variant == 0 and seen.position >= position:
            lane = finder.set.lane
            arena = self._monitor.arenas.arenas[0]
            found = compared.from_lane(arena, lane, position, arena.word(lane, "head"))
            return found._replace(result=None) if found else None
        return None

    def _state(self, seen: Witness, call: Call | None, position: int) -> VariantState:
        return VariantState(
            variant=seen.variant,
            role=seen.role,
            pid=seen.task.process if seen.task else 0,
            tid=seen.task.tid if seen.task else 0,
            state=seen.state(position),
            call=call,
            stack=_try(lambda: seen.stack(self._images), ()),
            registers=seen.known_registers(),
        )

    def _source(
        self,
        kind: Kind,
        finder: Task,
        witnesses: Sequence[Witness],
        states: Sequence[VariantState],
        difference: FirstDifference | None,
    ) -> divergence.Source | None:
        threads = sum(each.process == finder.set.process for each in self._monitor.sets.values())
        ranges = [[(area.start, area.end) for area in each.modules.areas] for each in witnesses]
        return divergence.likely_source(kind, states, difference, threads=threads, ranges=ranges)

    def _agreed(self, finder: Task, position: int) -> tuple[str, ...]:
        """The last calls that the variant which finished fewest has in common with the others."""
        lane, arenas = finder.set.lane, self._monitor.arenas.arenas
        histories = []
        for variant in finder.set.tasks:
            past, count = arenas[variant].history(lane), arenas[variant].word(lane, "history_count")
            histories.append({count - len(past) + at: call for at, call in enumerate(past)})
        least = min(histories, key=lambda history: max(history, default=-1))
        end = position if position >= 0 else arenas[0].word(lane, "head")
        published = compared.Past(arenas[0], lane, end)
        shown = []
        for at, call in sorted(least.items(), reverse=True):
            calls = [history[at] for history in histories if at in history]
            if len({(each.number, each.result) for each in calls}) == 1:
                leaders = histories[0].get(at, call)
                inputs = published.inputs(leaders)
                shown.append(
                    decode.decode_call(call.number, leaders.arguments, call.result, inputs.get)
                )
        return tuple(reversed(shown))


def _differing(sides: Sequence[Compared]) -> set[int]:
    """The arguments that the variants differ in, as far as all make the same call."""
    if len({side.number for side in sides}) != 1:
        return set()
    found = set()
    for index, parameter in enumerate(sides[0].parameters()[:6]):
        values = [side.arguments[index] for side in sides]
        data = {side.data(index) for side in sides} - {None}
        if parameter.kind in _INT_KINDS:
            values = [value & 0xFFFFFFFF for value in values]
        elif parameter.kind in _FREE_KINDS:
            values = []
        elif parameter.kind is not ArgumentKind.LONG:
            values = [bool(value) for value in values]
        if len(set(values)) > 1 or len(data) > 1:
            found.add(index)
    return found


def _difference(
    witnesses: Sequence[Witness],
    made: Sequence[Compared | None],
    differing: set[int],
    argument: int,
    offset: int,
) -> FirstDifference | None:
    """The first byte that differs, found in the bytes themselves, or else where the agent says it is."""
    index = argument if argument >= 0 else min(differing, default=-1)
    first = next((side for side in made if side is not None), None)
    if first is None or index < 0 or len({side.number for side in made if side}) != 1:
        return None
    parameters = first.parameters()
    if index >= len(parameters) or parameters[index].direction is Direction.NONE:
        return None
    name = _name(first, index)
    sides = [side.data(index) if side else None for side in made]
    known = divergence.first_difference(name, [data for data in sides if data is not None], _WINDOW)
    if known is not None:
        windows = iter(known.windows)
        placed = tuple(next(windows) if data is not None else b"" for data in sides)
        return FirstDifference(name, known.offset, known.start, placed)
    if parameters[index].kind is not ArgumentKind.BYTES or parameters[index].structure is not None:
        return None
    start = max(0, offset // 16 * 16 - 16)
    windows = tuple(_window(*pair, index, start) for pair in zip(witnesses, made, strict=True))
    return FirstDifference(name, offset, start, windows) if len(set(windows)) > 1 else None


def _window(seen: Witness, side: Compared | None, index: int, start: int) -> bytes:
    """Bytes of a buffer that is too long to be kept whole."""
    if side is None:
        return b""
    kept = side.inputs.get(index, b"")[start : start + _WINDOW]
    return kept or seen.read(side.arguments[index] + start, _WINDOW) or b""


def _name(side: Compared, index: int) -> str:
    """The name of an argument as the call's declaration has it."""
    return decode.decode_arguments(side.number, side.arguments, lambda _: None)[index].name


def _call(side: Compared | None, names: dict[int, str], differing: set[int]) -> Call | None:
    """A variant's side of the comparison for the report."""
    if side is None:
        return None
    decoded = decode.decode_arguments(
        side.number, side.arguments, side.inputs.get, names, differing
    )
    arguments = []
    for index, item in enumerate(decoded if side.number != compared.NUMBER_RDTSC else ()):
        data = side.data(index)
        shown = text.quoted(data or b"") if side.is_message(index) else item.text
        arguments.append(
            Argument(item.name, shown, data and data[: decode.DATA_LARGEST], item.differs)
        )
    result = side.result
    shown = None if result is None else decode.decode_result(side.number, result, names)
    return Call(side.number, side.name, tuple(arguments), shown)


def _descriptors(leader: Task | None) -> tuple[tuple[int, str], ...]:
    """The leader's open descriptors and what they are."""
    if leader is None or leader.state is State.ENDED:
        return ()
    folder = f"/proc/{leader.tid}/fd"
    found = []
    for number in sorted(int(name) for name in os.listdir(folder))[:_DESCRIPTORS_MAX]:
        with suppress(OSError):
            found.append((number, os.readlink(f"{folder}/{number}")))
    return tuple(found)


def _summary(
    kind: Kind,
    summary: str,
    finder: Task,
    states: Sequence[VariantState],
    difference: FirstDifference | None,
) -> str:
    """One sentence: what the variants did differently."""
    index = finder.variant.index
    leader, found = states[0], states[index]
    sides = f"{leader.role} 0 and {found.role} {index}"
    call = found.call.name if found.call else "a call"
    if summary:
        fault = next((state for state in states if state.state.startswith("about to be")), None)
        place = fault.stack[0].function if fault and fault.stack else None
        return f"{summary} in {place}" if kind == "death" and place else summary
    if kind == "call" and leader.call is not None:
        return f"{leader.role} 0 calls {leader.call.name} where {found.role} {index} calls {call}"
    if kind == "argument" and difference is not None:
        place = f"{difference.argument}, first at byte {difference.offset}"
        return f"{sides} call {call} with different bytes in {place}"
    if kind == "argument":
        names = [item.name for item in found.call.arguments if item.differs] if found.call else []
        return f"{sides} call {call} with a different {' and '.join(names) or 'argument'}"
    if kind == "result":
        return f"{sides} got different results from {call}"
    if kind == "integrity":
        return f"{found.role} {index} met a message in its lane that no honest leader sends"
    return f"{divergence.KINDS[kind]} ({call})"


def _on_terminal() -> bool:
    return sys.stderr is not None and sys.stderr.isatty()


def _write(content: str) -> None:
    if sys.stderr is not None:
        with suppress(OSError, ValueError):
            sys.stderr.write(content)
            sys.stderr.flush()
