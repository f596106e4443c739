"""Who is right when three or more variants disagree, and how the others go on without the rest.

A follower that disagrees with the leader waits at the control gate until every other follower has
agreed with the leader or disagreed too (`--on-divergence drop`). Whoever is in the minority is
*dropped*: all its processes are killed, its consent to everything is written into its arena by the
supervisor, and the run goes on with fewer variants.

When the leader is in the minority, a follower takes over (takeover.py). Where that cannot be, and
where nobody has a majority, the process that disagrees is killed in all variants, as if it had
crashed, if it is not the program's first: a server whose children serve its clients goes on. Else
the run ends. Under `observe` the leader is always right.
"""

from __future__ import annotations

import signal
import sys
from typing import TYPE_CHECKING

from mvx import kernel
from mvx.kernel import TaskGoneError
from mvx.records import TASK
from mvx.takeover import Impossible, Takeover
from mvx.tasks import State

if TYPE_CHECKING:
    from collections.abc import Callable

    from mvx.monitor import Monitor
    from mvx.tasks import Task, TaskSet, Variant


class Quorum:
    """Decides disagreements, and carries the decisions out."""

    def __init__(self, monitor: Monitor, regathered: Callable[[TaskSet], None]) -> None:
        """`regathered` is told of task sets that may be complete now."""
        self._monitor = monitor
        self._regathered = regathered
        self.disputes: set[TaskSet] = set()
        """Task sets in which not every variant has voted yet."""
        self._mode = monitor.options.on_divergence
        self._takeover = Takeover(monitor)

    def disagree(self, task: Task, report: Callable[[], None]) -> bool:
        """A follower's agent found a difference; False: the run is to end.

        `report` says on stderr what it is.
        """
        if self._mode == "stop":
            return False
        if self._mode == "observe":
            report()
            self._drop(task.variant)
            return True
        task.set.dissenters[task.variant.index] = report
        task.state = State.GATHERED
        self._monitor.expect(
            task.set,
            self._monitor.options.watchdog_s,
            "variants neither agree nor disagree",
            task.set.dissenters,
        )
        return self.review(task.set)

    def review(self, task_set: TaskSet) -> bool:
        """Decide, as far as all variants have voted; False: the run is to end."""
        against = set(task_set.dissenters)
        positions = [self._position(task_set.tasks[index]) for index in against]
        for variant in self._monitor.live:
            if variant.index and variant.index not in against:
                tail = self._monitor.arenas.arenas[variant.index].word(task_set.lane, "tail")
                if tail <= min(positions):
                    self.disputes.add(task_set)
                    return True
        self.disputes.discard(task_set)
        report = next(iter(task_set.dissenters.values()))
        return self.suspect(task_set, frozenset(against), report)

    def _position(self, task: Task) -> int:
        """Where the message of a task's current call begins."""
        assert task.space is not None
        place = task.slot_address + TASK.offset("message")
        return int.from_bytes(task.space.memory.read(place, 8), "little")

    def suspect(
        self, task_set: TaskSet, against: frozenset[int], report: Callable[[], None]
    ) -> bool:
        """These variants do not do what the others do; False: the run is to end."""
        if self._mode == "stop":
            return False
        monitor = self._monitor
        monitor.relax(task_set)
        live = {variant.index for variant in monitor.live}
        against &= live
        if not against:
            return True
        in_majority = 2 * len(against) < len(live) or self._mode == "observe"
        if 0 not in against and in_majority:
            report()
            for index in sorted(against):
                self._drop(monitor.variants[index])
            return True
        if self._mode == "observe":
            report()
            for variant in monitor.live[1:]:
                self._drop(variant)
            self._let_die(task_set)
            return True
        minority = against if 0 in against else frozenset(live - against)
        if 2 * len(minority) < len(live) and self._replace_leader(task_set, minority, report):
            return True
        if task_set.process != monitor.first_process:
            report()
            self._end_process(task_set)
            return True
        sys.stderr.write("mvx: the leader is not in the majority\n")
        return False

    def _replace_leader(
        self, task_set: TaskSet, minority: frozenset[int], report: Callable[[], None]
    ) -> bool:
        """Let a follower of the majority take over from the leader; whether it has."""
        monitor = self._monitor
        majority = frozenset(variant.index for variant in monitor.live) - minority
        leader = task_set.tasks.get(0)
        try:
            follower = self._takeover.candidate(task_set, majority)
            assert leader is not None
            if not self._agree([task_set.tasks[index] for index in task_set.dissenters]):
                raise Impossible("the followers do not agree either")
            report()
            for other in minority - {0}:
                self._drop(monitor.variants[other])
            self._takeover.take_over(follower, leader)
        except (Impossible, TaskGoneError) as error:
            sys.stderr.write(f"mvx: the leader cannot be replaced: {error}\n")
            return False
        number, index = task_set.process, follower.variant.index
        sys.stderr.write(f"mvx: process {number} of the leader goes on as variant {index}\n")
        dissenters = set(task_set.dissenters)
        task_set.dissenters.clear()
        self.disputes.discard(task_set)
        self._drop(follower.variant)
        for other in dissenters - {index}:
            self._takeover.again(task_set.tasks[other])
        return True

    def _agree(self, tasks: list[Task]) -> bool:
        """Whether followers that stand at the control gate make the same call with the same bytes.
        What else differs, the leader's next message shows.
        """
        from mvx.witness import FAILED, Witness

        seen = set()
        for task in tasks:
            try:
                made = Witness(self._monitor, task.variant.index, task).made()
            except FAILED:
                return False
            if made is None:
                return False
            seen.add((made.number, tuple(sorted(made.inputs.items()))))
        return len(seen) <= 1

    def _let_die(self, task_set: TaskSet) -> None:
        """A leader that is held at a deadly signal gets it, as it would natively."""
        leader = task_set.tasks.get(0)
        if leader is not None and leader.state is State.FATAL:
            self._monitor.dying[leader.process] = leader.fatal
            kernel.resume(leader.tid, leader.fatal)

    def _drop(self, variant: Variant) -> None:
        """Go on without a variant."""
        monitor = self._monitor
        variant.dropped = True
        left = len(monitor.live)
        sys.stderr.write(f"mvx: variant {variant.index} dropped, {left} left\n")
        if variant.parent in monitor.parents:
            monitor.end_parent(variant.parent)
        for task in list(monitor.tasks.values()):
            if task.variant is variant:
                monitor.kill_process(task)
        monitor.arenas.abandon(variant.index)
        for task_set in list(monitor.sets.values()):
            task_set.tasks.pop(variant.index, None)
            task_set.gathered.pop(variant.index, None)
            task_set.dissenters.pop(variant.index, None)
            self._regathered(task_set)
            monitor.retire(task_set)

    def _end_process(self, task_set: TaskSet) -> None:
        """Kill one process in all variants, as if it had crashed."""
        monitor = self._monitor
        number = task_set.process
        sys.stderr.write(f"mvx: process {number} ended in all variants, the others go on\n")
        monitor.dying[number] = signal.SIGKILL
        for each in list(monitor.sets.values()):
            if each.process == number:
                monitor.relax(each)
                each.dissenters.clear()
                self.disputes.discard(each)
                for task in each.tasks.values():
                    if task.state is not State.ENDED:
                        monitor.kill_process(task)
