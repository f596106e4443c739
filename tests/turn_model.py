"""A model of the turn protocol (agent/turns.c, agent/futex.c, src/mvx/preemption.py, between.py):
one leader and one follower, and every order in which their threads, the kernel and the supervisor
can take their steps.

A state is explored until nothing can step. Whatever a thread does in its turn is an *event*; the
follower has to show the leader's events in the leader's order, and must not be left waiting. With
several followers nothing is different: they never wait for one another.

Each thread runs a program of operations:

    call        a compared call that waits for nobody; the leader waits for the follower first
    block       a compared call that may wait: outside the turn
    wait F      a futex: sleeps until it is woken, unless the flag F is set
    wake F      sets the flag, wakes one thread
    spin F      computes until the flag is set, without a call
    die         its process is killed, in its turn; the supervisor does the same to the follower

A thread that waits for its turn lets the supervisor take it from one that is between two calls.
`budget` says how often that, signals, and the end of a wait's time may happen. A *fault* leaves out
one rule of the protocol: the model has to find what happens then.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

LEADER: Final = 0
FOLLOWER: Final = 1
NOBODY: Final = -1
RING: Final = 2
"""Messages that a lane holds."""

Operation = tuple[str, ...]
Event = tuple[int, str]
Message = tuple[str, int, bool]
"""What it says, the turn that comes with it, whether a signal does."""


class WrongError(Exception):
    """Something happens that must not."""


class Thread(NamedTuple):
    """One thread of one variant: where it is in its program and in the protocol."""

    place: int = 0
    step: str = "runs"
    ticket: int = 0
    """The turn that it waits for (follower), or has just taken (leader)."""
    pending: bool = False
    """A signal is to be delivered at its next call (leader)."""
    held: bool = False
    """The supervisor has stopped it for a delivery between two calls."""
    entering: bool = False
    """A signal was sent to it that is delivered before its next step."""
    result: str = ""


class State(NamedTuple):
    """Everything; hashable."""

    threads: tuple[tuple[Thread, ...], ...]
    lanes: tuple[tuple[Message, ...], ...]
    """Per thread: the leader's messages that the follower has not consumed."""
    holder: int = 0
    """Which of the leader's threads has the turn."""
    turns: tuple[int, int] = (1, 1)
    """The leader's last turn; the follower's current one."""
    queues: tuple[tuple[int, ...], ...] = ((), ())
    """Per variant: threads that wait in a futex, in order."""
    flags: tuple[frozenset[str], ...] = (frozenset(), frozenset())
    ahead: tuple[int, tuple[Event, ...]] = (LEADER, ())
    """Events of one variant that the other has not shown yet."""
    budget: tuple[tuple[str, int], ...] = ()
    owners: tuple[int, ...] = (NOBODY, 0)
    """Per turn: which thread of the leader took it."""
    voids: frozenset[int] = frozenset()
    """Turns that nobody in the follower will take."""

    def thread(self, variant: int, index: int, **changes: Any) -> State:
        """The state with a thread changed."""
        own = list(self.threads[variant])
        own[index] = own[index]._replace(**changes)
        threads = list(self.threads)
        threads[variant] = tuple(own)
        return self._replace(threads=tuple(threads))

    def put(self, index: int, message: Message) -> State:
        """The leader's thread publishes."""
        lanes = list(self.lanes)
        lanes[index] = (*lanes[index], message)
        return self._replace(lanes=tuple(lanes))

    def skip(self, index: int) -> State:
        """The follower's thread consumes."""
        lanes = list(self.lanes)
        lanes[index] = lanes[index][1:]
        return self._replace(lanes=tuple(lanes))

    def with_queue(self, variant: int, queue: tuple[int, ...]) -> State:
        """The state with another queue of waiters."""
        queues = list(self.queues)
        queues[variant] = queue
        return self._replace(queues=tuple(queues))

    def with_flag(self, variant: int, flag: str) -> State:
        """The state with a word of memory changed."""
        flags = list(self.flags)
        flags[variant] = flags[variant] | {flag}
        return self._replace(flags=tuple(flags))

    def left(self, what: str) -> int:
        """How often something may still happen."""
        return dict(self.budget).get(what, 0)

    def spend(self, what: str) -> State:
        """It happens."""
        budget = tuple((name, count - (name == what)) for name, count in self.budget)
        return self._replace(budget=budget)

    def event(self, variant: int, index: int, what: str) -> State:
        """A thread does something in its turn; raises WrongError when the other variant's order is
        another.
        """
        first, events = self.ahead
        if not events or first == variant:
            return self._replace(ahead=(variant, (*events, (index, what))))
        if events[0] != (index, what):
            message = f"{(index, what)} in variant {variant}, {events[0]} in the other"
            raise WrongError(message)
        return self._replace(ahead=(first, events[1:]))


class Model:
    """The steps of threads that run these programs."""

    def __init__(self, programs: tuple[tuple[Operation, ...], ...], fault: str = "") -> None:
        """`fault` names a rule that is not kept."""
        self._programs = programs
        self._fault = fault

    def start(self, **budget: int) -> State:
        """All threads are born, the first one has the turn."""
        count = len(self._programs)
        others = (Thread(step="starts"),) * (count - 1)
        return State(
            threads=((Thread(), *others),) * 2,
            lanes=((),) * count,
            budget=tuple(sorted(budget.items())),
        )

    def explore(self, state: State) -> int:
        """Look at every state that can be reached; return how many there are.

        Raises WrongError for a deadlock, and for events in another order.
        """
        seen, todo = {state}, [state]
        while todo:
            current = todo.pop()
            after = [
                new for index in range(len(self._programs)) for new in self._all(current, index)
            ]
            if not after and not self._is_over(current):
                message = f"nothing can go on: {current.threads}, {current.lanes}"
                raise WrongError(message)
            for new in after:
                if new not in seen:
                    seen.add(new)
                    todo.append(new)
        return len(seen)

    def _all(self, state: State, index: int) -> Iterator[State]:
        yield from self._lead(state, index)
        yield from self._follow(state, index)
        yield from self._supervise(state, index)

    def _is_over(self, state: State) -> bool:
        """Whether all have ended, or a thread spins and there is no preemption left."""
        if not state.left("preemption"):
            for index in range(len(self._programs)):
                what = self._operation(state.threads[LEADER][index], index)[0]
                if what == "spin" and self._is_between_calls(state, LEADER, index):
                    return True
        ended = all(thread.step == "ended" for own in state.threads for thread in own)
        return ended and not state.ahead[1]

    def _operation(self, thread: Thread, index: int) -> Operation:
        program = self._programs[index]
        return program[thread.place] if thread.place < len(program) else ("exit",)

    def _is_between_calls(self, state: State, variant: int, index: int) -> bool:
        """Whether a thread runs program code, outside its agent."""
        thread = state.threads[variant][index]
        if thread.step != "runs" or self._operation(thread, index)[0] == "exit":
            return False
        return variant == FOLLOWER or state.holder == index

    # Leader

    def _lead(self, state: State, index: int) -> Iterator[State]:
        thread = state.threads[LEADER][index]
        room = len(state.lanes[index]) < RING
        if thread.held:
            return
        match thread.step:
            case "runs":
                if state.holder == index:
                    yield from self._lead_program(state, index, thread, room=room)
            case "agrees":
                if not state.lanes[index]:
                    yield state.event(LEADER, index, "call").thread(LEADER, index, step="publishes")
            case "releases" | "yields":
                after = {"releases": "waits", "yields": "takes"}[thread.step]
                yield self._release(state.thread(LEADER, index, step=after))
            case "waits":
                yield from self._lead_wait(state, index, thread)
            case "takes" | "starts":
                if state.holder == NOBODY:
                    turn = state.turns[LEADER] + 1
                    owners = (*state.owners, index)
                    turns = (turn, state.turns[FOLLOWER])
                    new = state._replace(holder=index, turns=turns, owners=owners)
                    yield new.thread(LEADER, index, step="publishes", ticket=turn)
            case "publishes":
                if room:
                    yield self._lead_result(state, index, thread)

    def _lead_program(
        self, state: State, index: int, thread: Thread, *, room: bool
    ) -> Iterator[State]:
        what, *words = self._operation(thread, index)
        if thread.entering:
            yield self._enter(state, LEADER, index)
            return
        if what == "spin":
            if words[0] in state.flags[LEADER]:
                yield state.thread(LEADER, index, place=thread.place + 1)
            return
        if what == "die":
            yield self._release(state.thread(LEADER, index, step="ended"))
            return
        if not room and not (what == "wake" and self._fault == "wakes are not announced"):
            return
        if thread.pending and what in {"call", "block"}:
            message = ("SIGNAL", 0, True)
            yield state.put(index, message).thread(LEADER, index, step="gathers")
        elif what == "call":
            yield state.put(index, ("CALL", 0, False)).thread(LEADER, index, step="agrees")
        elif what == "block":
            new = state.put(index, ("RELEASED", 0, False))
            yield new.thread(LEADER, index, step="releases", result="block")
        elif what == "wake":
            yield self._lead_wake(state, index, thread, words[0])
        elif what == "exit":
            new = state.put(index, ("EXIT", 0, False)).event(LEADER, index, "exit")
            yield self._release(new.thread(LEADER, index, step="ended"))
        elif words[0] in state.flags[LEADER]:
            new = state.event(LEADER, index, "again")
            yield self._announce(new, index, thread)
        else:
            new = state.put(index, ("RELEASED", 0, False))
            new = new.with_queue(LEADER, (*new.queues[LEADER], index))
            yield new.thread(LEADER, index, step="releases", result="wait")

    def _lead_wake(self, state: State, index: int, thread: Thread, flag: str) -> State:
        new = self._wake(state, LEADER, index, flag)
        if self._fault == "wakes are not announced":
            return new.thread(LEADER, index, place=thread.place + 1)
        return self._announce(new, index, thread)

    def _announce(self, state: State, index: int, thread: Thread) -> State:
        """A futex call that did not wait."""
        new = state.put(index, ("FUTEX", 0, thread.pending))
        return self._after_call(new, LEADER, index, thread.pending)

    def _lead_wait(self, state: State, index: int, thread: Thread) -> Iterator[State]:
        """Outside the turn."""
        if thread.result == "block":
            yield state.thread(LEADER, index, step="takes")
            return
        if index not in state.queues[LEADER]:
            yield state.thread(LEADER, index, step="takes")
            return
        if state.left("timeout"):
            yield state.spend("timeout").thread(LEADER, index, step="takes")
        if thread.pending:
            yield state.thread(LEADER, index, step="takes")

    def _lead_result(self, state: State, index: int, thread: Thread) -> State:
        turn, pending = thread.ticket, thread.pending
        new = state.thread(LEADER, index, ticket=0, result="")
        if thread.result == "wait":
            woken = index not in state.queues[LEADER]
            new = self._dequeue(new, LEADER, index)
            if not woken and pending:
                new = new.put(index, ("SIGNAL", turn, True))
                return new.thread(LEADER, index, step="gathers", place=thread.place + 1)
            what = "woken" if woken else "late"
            new = new.event(LEADER, index, what).put(index, (what, turn, pending))
            return self._after_call(new, LEADER, index, pending)
        if thread.result == "block":
            new = new.event(LEADER, index, "block").put(index, ("RESULT", turn, pending))
            return self._after_call(new, LEADER, index, pending)
        if not turn:  # a call that kept its turn
            return self._after_call(new.put(index, ("RESULT", 0, pending)), LEADER, index, pending)
        return new.put(index, ("TURN", turn, False)).thread(LEADER, index, step="runs")

    # Follower

    def _follow(self, state: State, index: int) -> Iterator[State]:
        thread = state.threads[FOLLOWER][index]
        head = state.lanes[index][0] if state.lanes[index] else None
        if thread.held:
            return
        match thread.step:
            case "runs":
                yield from self._follow_program(state, index, thread, head)
            case "waits" | "starts" | "yields":
                # The leader's thread tells its turn.
                if head is not None:
                    says, turn, signalled = head
                    result = says if thread.step == "waits" else ""
                    yield state.skip(index).thread(
                        FOLLOWER,
                        index,
                        step="awaits",
                        ticket=turn,
                        result=result,
                        pending=signalled,
                    )
            case "awaits":
                if thread.ticket in {0, state.turns[FOLLOWER]}:
                    yield self._follow_result(state, index, thread)

    def _follow_program(
        self, state: State, index: int, thread: Thread, head: Message | None
    ) -> Iterator[State]:
        what, *words = self._operation(thread, index)
        if thread.entering:
            yield self._enter(state, FOLLOWER, index)
            return
        if what == "spin":
            if words[0] in state.flags[FOLLOWER]:
                yield state.thread(FOLLOWER, index, place=thread.place + 1)
            return
        if what == "wake" and self._fault == "wakes are not announced":
            new = self._wake(state, FOLLOWER, index, words[0])
            yield new.thread(FOLLOWER, index, place=thread.place + 1)
            return
        if head is None:
            return
        says, _, signalled = head
        new = state.skip(index)
        if says == "YIELD":
            yield self._follow_yield(new, index)
        elif says == "SIGNAL":
            yield new.thread(FOLLOWER, index, step="gathers")
        elif what == "call" and says == "CALL":
            yield new.thread(FOLLOWER, index, step="waits")
        elif what == "block" and says == "RELEASED":
            yield self._release_too(new.thread(FOLLOWER, index, step="waits"))
        elif what == "exit" and says == "EXIT":
            new = new.event(FOLLOWER, index, "exit").thread(FOLLOWER, index, step="ended")
            yield self._release_too(new)
        elif what == "wake" and says == "FUTEX":
            new = self._wake(new, FOLLOWER, index, words[0])
            yield self._after_call(new, FOLLOWER, index, signalled)
        elif what == "wait" and words[0] in state.flags[FOLLOWER] and says == "FUTEX":
            new = new.event(FOLLOWER, index, "again")
            yield self._after_call(new, FOLLOWER, index, signalled)
        elif what == "wait" and words[0] not in state.flags[FOLLOWER] and says == "RELEASED":
            new = new.with_queue(FOLLOWER, (*new.queues[FOLLOWER], index))
            yield self._release_too(new.thread(FOLLOWER, index, step="waits"))
        else:
            message = f"thread {index} of the follower is at {what}, the leader's says {says}"
            raise WrongError(message)

    def _follow_yield(self, state: State, index: int) -> State:
        if self._fault == "followers keep their turn":
            return state.thread(FOLLOWER, index, step="yields")
        return self._release_too(state.thread(FOLLOWER, index, step="yields"))

    def _follow_result(self, state: State, index: int, thread: Thread) -> State:
        what, says, signalled = self._operation(thread, index)[0], thread.result, thread.pending
        new = state.thread(FOLLOWER, index, step="runs", ticket=0, result="", pending=False)
        if not says:
            return new
        if what == "wait":
            woken = index not in state.queues[FOLLOWER]
            new = self._dequeue(new, FOLLOWER, index)
            if says == "SIGNAL":
                return new.thread(FOLLOWER, index, step="gathers", place=thread.place + 1)
            if woken != (says == "woken"):
                message = f"thread {index}: {says} in the leader only"
                raise WrongError(message)
            new = new.event(FOLLOWER, index, says)
        else:
            new = new.event(FOLLOWER, index, what)
        return self._after_call(new, FOLLOWER, index, signalled)

    # What both do

    def _after_call(self, state: State, variant: int, index: int, signalled: bool) -> State:
        place = state.threads[variant][index].place + 1
        step = "gathers" if signalled else "runs"
        return state.thread(variant, index, place=place, step=step)

    def _wake(self, state: State, variant: int, index: int, flag: str) -> State:
        queue = state.queues[variant]
        new = state.with_flag(variant, flag).with_queue(variant, queue[1:])
        return new.event(variant, index, f"wakes {queue[:1]}")

    @staticmethod
    def _dequeue(state: State, variant: int, index: int) -> State:
        queue = tuple(other for other in state.queues[variant] if other != index)
        return state.with_queue(variant, queue)

    @staticmethod
    def _enter(state: State, variant: int, index: int) -> State:
        new = state.thread(variant, index, entering=False, pending=False)
        return new.event(variant, index, "handler")

    @staticmethod
    def _release(state: State) -> State:
        return state._replace(holder=NOBODY)

    def _release_too(self, state: State) -> State:
        leaders, own = state.turns
        return self._pass_void(state._replace(turns=(leaders, own + 1)))

    @staticmethod
    def _pass_void(state: State) -> State:
        leaders, own = state.turns
        while own in state.voids:
            own += 1
        return state._replace(turns=(leaders, own))

    # The supervisor

    def _supervise(self, state: State, index: int) -> Iterator[State]:
        leader, follower = state.threads[LEADER][index], state.threads[FOLLOWER][index]
        if leader.step == follower.step == "gathers":
            new = state
            for variant in (LEADER, FOLLOWER):
                changes = {"step": "runs", "entering": True, "pending": False}
                new = new.thread(variant, index, **changes)
            yield new
        yield from self._preempt(state, index, leader, follower)
        yield from self._signal(state, index, leader, follower)
        if leader.step == "ended" and follower.step != "ended" and self._dies(index):
            yield self._kill(state, index)

    def _dies(self, index: int) -> bool:
        return ("die",) in self._programs[index]

    def _kill(self, state: State, index: int) -> State:
        """The follower's thread is gone: nobody waits for the turns that it has not given back, nor
        expects what it would have done.
        """
        left = [turn for turn, owner in enumerate(state.owners) if owner == index]
        if self._fault == "turns of the dead stay":
            left = []
        lanes = list(state.lanes)
        lanes[index] = ()
        first, events = state.ahead
        new = state._replace(
            voids=state.voids | {turn for turn in left if turn >= state.turns[FOLLOWER]},
            lanes=tuple(lanes),
            ahead=(first, tuple(event for event in events if event[0] != index)),
        )
        new = self._dequeue(new, FOLLOWER, index).thread(FOLLOWER, index, step="ended", held=False)
        return self._pass_void(new)

    def _preempt(
        self, state: State, index: int, leader: Thread, follower: Thread
    ) -> Iterator[State]:
        wanted = any(other.step in {"takes", "starts"} for other in state.threads[LEADER])
        may = not leader.entering or self._fault == "preempted on the way into a handler"
        announced = any(says == "YIELD" for says, *_ in state.lanes[index])
        if (
            state.left("preemption")
            and wanted
            and may
            and not leader.held
            and not announced
            and len(state.lanes[index]) < RING
            and self._is_between_calls(state, LEADER, index)
        ):
            new = state.spend("preemption").put(index, ("YIELD", 0, False))
            if leader.entering:  # the signal comes in the agent: again at the next call
                new = new.thread(LEADER, index, entering=False, pending=True)
            yield new.thread(LEADER, index, step="yields")
        head = state.lanes[index][0] if state.lanes[index] else None
        what, *words = self._operation(follower, index)
        if (
            head is not None
            and head[0] == "YIELD"
            and what == "spin"
            and words[0] not in state.flags[FOLLOWER]
            and not follower.entering
            and not follower.held
            and self._is_between_calls(state, FOLLOWER, index)
        ):
            yield self._follow_yield(state.skip(index), index)

    def _signal(
        self, state: State, index: int, leader: Thread, follower: Thread
    ) -> Iterator[State]:
        if state.left("signal") and not leader.pending and leader.step not in {"gathers", "ended"}:
            new = state.spend("signal").thread(LEADER, index, pending=True)
            yield new
        if (
            leader.pending
            and not leader.held
            and not leader.entering
            and self._is_between_calls(state, LEADER, index)
        ):
            yield state.thread(LEADER, index, held=True)
        if not leader.held:
            return
        if state.lanes[index]:
            return  # the follower is behind
        if self._is_between_calls(state, FOLLOWER, index) and follower.place == leader.place:
            new = state
            for variant in (LEADER, FOLLOWER):
                changes = {"held": False, "entering": True, "pending": False}
                new = new.thread(variant, index, **changes)
            yield new
        if follower.place != leader.place:
            yield state.thread(LEADER, index, held=False)  # all meet at a call
