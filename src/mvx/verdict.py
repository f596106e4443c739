"""The verdict: all that can be known about a divergence, collected while the variants stand still.

It runs in the supervisor, once, at the end of a run. Nothing here may raise or hang: a section that
cannot be collected is left out, and the variants are killed before anything is written, so that a
reader who does not read holds up nothing.
"""

from __future__ import annotations

import datetime as dt
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Final, TypeVar

from mvx import __version__, compared, decode, difference, divergence, errors, report, witness
from mvx.compared import Compared
from mvx.divergence import Divergence, FirstDifference, Kind, VariantState
from mvx.tasks import State, Task
from mvx.witness import Witness

if TYPE_CHECKING:
    from mvx.monitor import Monitor
    from mvx.symbols import Images

_Section = TypeVar("_Section")
_Descriptors = tuple[tuple[int, str], ...]

_DESCRIPTORS_MAX: Final = 64
_OFFSET_MAX: Final = 1 << 32
_NO_DESCRIPTORS: Final[_Descriptors] = ()
_NO_CALLS: Final[tuple[str, ...]] = ()


def _try(section: Callable[[], _Section], otherwise: _Section) -> _Section:
    """A section of the report, or `otherwise` when it cannot be collected."""
    try:
        return section()
    except Exception as error:  # noqa: BLE001 - variants are hostile; the rest is reported anyway
        if os.environ.get("MVX_DEBUG") == "1":
            _write(f"mvx: debug: the report lacks a section: {error!r}\n")
        return otherwise


class Collector:
    """Collects one divergence and reports it."""

    def __init__(self, monitor: Monitor, *, hears: bool = False) -> None:
        """Works on the monitor's tasks; `hears`: the finder may have last words (words.py)."""
        self._monitor = monitor
        self._hears = hears
        self._images: Images = {}

    def report(
        self,
        kind: str,
        task: Task,
        summary: str,
        argument: int = -1,
        offset: int = 0,
        *,
        stop: bool = True,
    ) -> None:
        """Say on stderr why the variants diverged, and save the report if that was asked for.

        `task` found it; every task has been interrupted and may still be running. `argument` and
        `offset` are what the agent said of the first difference. When this returns, all are killed;
        without `stop` nothing is: what runs goes on, and what it shows is what can be seen of it.
        """
        self._stop = stop
        known: Kind = next((each for each in divergence.KINDS if each == kind), "integrity")
        argument = argument if known == "argument" and 0 <= argument < 6 else -1
        offset = offset if 0 <= offset < _OFFSET_MAX else 0
        found = _try(lambda: self._collect(known, task, summary, argument, offset), None)
        for other in list(self._monitor.tasks.values()) if stop else ():
            self._monitor.kill_process(other)
        brief = f"mvx: divergence: {summary or divergence.KINDS[known]}\n"
        if found is None:
            _write(brief)
            return
        color = sys.stderr is not None and sys.stderr.isatty()
        _write(_try(lambda: report.text(found, color), brief))
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
        options = self._monitor.options
        if kind == "timeout" and finder.set.deadline is not None:
            # Whoever does not arrive has died, or is about to: that is what there is to say.
            kind, summary = "death", finder.set.deadline_reason
        witnesses = self._witnesses(finder)
        finders = witnesses[finder.variant.index]
        position = finders.position if finders.at_call else -1
        sides = [_try(partial(self._side, each, position, finder), None) for each in witnesses]
        marked = _try(lambda: difference.differing(sides), set[int]())
        marked |= {argument} if argument >= 0 else set()
        reads = [each.read for each in witnesses]
        first = None
        for index in dict.fromkeys([argument, *sorted(marked)]):
            look = partial(difference.first, sides, reads, index, offset)
            first = first or _try(look, None)
        descriptors = _try(lambda: _descriptors(witnesses[0].task), _NO_DESCRIPTORS)
        states = tuple(
            self._state(each, side, position, dict(descriptors), marked)
            for each, side in zip(witnesses, sides, strict=True)
        )
        source = _try(lambda: self._source(kind, finder, witnesses, states, first), None)
        system = os.uname()
        return Divergence(
            kind=kind,
            summary=_summary(kind, summary, finder, states, first),
            task_set=finder.set.identifier - 1,
            command=(options.program, *options.arguments[1:]),
            policy=options.policy,
            verify=options.verify,
            variants=states,
            agreed=_try(lambda: self._agreed(finder, position), _NO_CALLS),
            descriptors=descriptors,
            seed=self._monitor.seed,
            first_difference=first,
            likely_source=f"{source.name}: {source.sentence}" if source else None,
            advice=source.advice if source else divergence.ADVICE,
            kernel=f"{system.sysname} {system.release}",
            mvx_version=__version__,
            time=dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
            signal=next(
                (name for each in witnesses if (name := each.signal or each.handler)), None
            ),
            last_words=_try(lambda: self._last_words(finder), None),
        )

    def _witnesses(self, finder: Task) -> list[Witness]:
        """What the task of each variant shows when it stands still, the leader's first."""
        monitor, tasks = self._monitor, finder.set.tasks
        if self._stop:
            witness.wait_stopped(tasks.values())
        found = []
        for variant in monitor.live:
            task = tasks.get(variant.index)
            if task is not None and task.state is State.ENDED:
                monitor.tasks.pop(task.tid, None)
            found.append(Witness(monitor, variant.index, task))
        return found

    def _side(self, seen: Witness, position: int, finder: Task) -> Compared | None:
        """What a variant called at `position`; without a position: what it calls now."""
        if position < 0 or seen.task is finder or (seen.position == position and seen.at_call):
            return seen.made()
        if seen.variant:
            return None
        arena, lane = self._monitor.arenas.arenas[0], finder.set.lane
        made = compared.from_lane(arena, lane, position, arena.word(lane, "head"))
        return made._replace(result=None) if made else None  # the others have none yet

    def _state(
        self,
        seen: Witness,
        side: Compared | None,
        position: int,
        descriptors: dict[int, str],
        marked: set[int],
    ) -> VariantState:
        return VariantState(
            variant=seen.variant,
            role=seen.role,
            pid=seen.task.process if seen.task else 0,
            tid=seen.task.tid if seen.task else 0,
            state=seen.state(position),
            call=_try(lambda: difference.call(side, descriptors, marked), None),
            stack=_try(lambda: seen.stack(self._images), ()),
            registers=seen.known_registers(),
        )

    def _source(
        self,
        kind: Kind,
        finder: Task,
        witnesses: Sequence[Witness],
        states: Sequence[VariantState],
        first: FirstDifference | None,
    ) -> divergence.Source | None:
        threads = sum(each.process == finder.set.process for each in self._monitor.sets.values())
        ranges = [[(area.start, area.end) for area in each.modules.areas] for each in witnesses]
        return divergence.likely_source(kind, states, first, threads=threads, ranges=ranges)

    def _last_words(self, finder: Task) -> str | None:
        """What the variant goes on to say; the last section, since it runs on for that."""
        from mvx import words

        said = words.listen(self._monitor, finder) if self._hears else b""
        return said.decode("utf-8", errors="replace") or None

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


def _descriptors(leader: Task | None) -> _Descriptors:
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
    first: FirstDifference | None,
) -> str:
    """One sentence: what the variants did differently."""
    leader, found = states[0], states[finder.variant.index]
    one = f"{found.role} {found.variant}"
    both = f"{leader.role} {leader.variant} and {one}"
    call = found.call.name if found.call else "a call"
    if summary:
        dying = next((each for each in states if each.state.startswith(witness.DYING)), None)
        function = dying.stack[0].function if dying and dying.stack else None
        return f"{summary} in {function}" if kind == "death" and function else summary
    if kind == "call" and leader.call is not None:
        return f"{leader.role} {leader.variant} calls {leader.call.name} where {one} calls {call}"
    if kind == "argument":
        names = [item.name for item in found.call.arguments if item.differs] if found.call else []
        what = " and ".join(f"a different {each}" for each in names)
        if first is not None:
            others = [f"a different {each}" for each in names if each != first.argument]
            what = " and ".join([*others, f"different bytes in {first.argument}"])
            what += f", first at byte {first.offset}"
        return f"{both} call {call} with {what or 'a different argument'}"
    if kind == "result":
        return f"{both} got different results from {call}"
    if kind == "integrity":
        return f"{one} met a message in its lane that no honest leader sends"
    return f"{divergence.KINDS[kind]} ({call})"


def _write(content: str) -> None:
    if sys.stderr is not None:
        with suppress(OSError, ValueError):
            sys.stderr.write(content)
            sys.stderr.flush()
