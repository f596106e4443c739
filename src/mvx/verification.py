"""Verification: a sensitive call leaves by the traced gate, where the supervisor looks at every
variant itself.

The agent of a variant that makes the call may be taken over. So its word does not count: the call
goes on only when every other variant stands in the same call (its own arena says which, and only it
can write there), with the same scalar arguments in the frame of its own agent, and the same bytes
behind the pointers in its own memory. A follower may execute only what every variant executes; what
the leader executes once is refused to it. Calls on a descriptor that is each variant's own (its
memfd, its /proc/self/maps), and requests that are declared local (naming a part of its memory),
concern nobody else: they pass.

The declarations are loaded at the first such call: most programs make none, and start sooner.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from mvx import joining
from mvx.kernel import Registers
from mvx.layout import FRAME_REGISTERS, TASK_SLOT_SIZE
from mvx.monitor import Monitor
from mvx.specification.table import RULES
from mvx.specification.vocabulary import Direction, Executor, Handler, Kind, timeout_sign
from mvx.tasks import State, Task

if TYPE_CHECKING:
    from mvx import compared

_ARGUMENTS: Final = ("rdi", "rsi", "rdx", "r10", "r8", "r9")
_SCALARS_32: Final = frozenset({Kind.INT, Kind.DESCRIPTOR})
_MASKS: Final = {271: 3, 281: 4, 441: 4}
"""ppoll, epoll_pwait, epoll_pwait2: which argument is a signal mask; its size follows."""
_WRITE: Final = 1
_SEMCTL: Final = 66
_COMMAND_MASK: Final = 0xFF
_IPC_STAT: Final = 2
_IOCTL: Final = 16
_FCNTL: Final = 72
_GET_FLAGS: Final = frozenset({1, 3, 1025})
"""F_GETFD, F_GETFL, F_GETLEASE."""
_NS_GET_NSTYPE: Final = 0xB703
_WAITID: Final = 247
_P_PIDFD: Final = 3
_WNOWAIT: Final = 0x01000000
_CONTENT_MAX: Final = 1 << 20


def objection(monitor: Monitor, task: Task, current: Registers) -> str:
    """Why a call at a gate must not go on; empty when every variant asks for the same."""
    from mvx import decode

    number = current.orig_rax
    rule = RULES.get(number)
    if rule is None:
        return f"undeclared call {number} at a gate"
    arguments = tuple(int(getattr(current, name)) for name in _ARGUMENTS)
    executor = Executor(rule.executor)
    if rule.handler in (Handler.FCNTL, Handler.IOCTL, Handler.OPTION, Handler.CONTROL):
        request = decode.find_request(number, arguments)
        executor = request.executor if request is not None else executor
    if executor is Executor.NATIVE and rule.handler is not Handler.OPTION:
        return f"{rule.name} at a gate that is not for it"
    if _is_question(number, arguments):
        return ""
    if executor is Executor.LOCAL or _is_own(task, number, arguments):
        return ""
    if monitor.timers.is_every(current):
        executor = Executor.EVERYONE
    if not task.is_leader and executor is not Executor.EVERYONE:
        return f"variant {task.variant.index}, a follower, makes {rule.name} itself"
    own = _compared(task, number, arguments)
    lane = task.set.lane
    head = monitor.arenas.arenas[0].word(lane, "head")
    for variant in (each.index for each in monitor.live):
        other = task.set.tasks.get(variant)
        if variant == task.variant.index or (variant and not task.is_leader):
            continue  # only the leader stays in the call until the last follower is through
        if other is None or other.state is State.ENDED or other.space is None:
            return f"variant {variant} is gone"
        arena = monitor.arenas.arenas[variant]
        if arena.word(lane, "number") != number + 1:
            return f"variant {variant} is not in {rule.name}"
        if variant and arena.word(lane, "tail") < head:
            return f"variant {variant} has not agreed to {rule.name}"
        theirs = _compared(other, number, _frame_arguments(other))
        difference = _difference(own, theirs, Handler(rule.handler))
        if number == _WRITE and monitor.pointers.agree(own.data(1), variant, theirs.data(1)):
            difference = ""
        blamed = max(variant, task.variant.index)
        if difference and (blamed, number, difference) not in task.set.pardoned:
            return f"variant {variant} makes {rule.name} with another {difference}"
    return ""


def _is_question(number: int, arguments: tuple[int, ...]) -> bool:
    """Whether a call changes nothing, and the agents themselves ask by it: how many semaphores
    there are, what flags a descriptor has, what kind of namespace it is, whether it is a process.
    """
    return (
        (number == _FCNTL and arguments[1] & 0xFFFFFFFF in _GET_FLAGS)
        or (number == _SEMCTL and arguments[2] & _COMMAND_MASK == _IPC_STAT)
        or (number == _IOCTL and arguments[1] & 0xFFFFFFFF == _NS_GET_NSTYPE)
        or (
            (number == _WAITID and arguments[0] == _P_PIDFD and not arguments[2] | arguments[4])
            and bool(arguments[3] & _WNOWAIT)
        )
    )


def _is_own(task: Task, number: int, arguments: tuple[int, ...]) -> bool:
    """Whether a call works only on descriptors that each variant has for itself."""
    from mvx import decode

    kinds = [parameter.kind for parameter in decode.find_parameters(number, arguments)]
    return (
        bool(kinds)
        and kinds[0] is Kind.DESCRIPTOR
        and all(
            _is_private(task, argument & 0xFFFFFFFF)
            for kind, argument in zip(kinds, arguments, strict=False)
            if kind is Kind.DESCRIPTOR
        )
    )


def _is_private(task: Task, descriptor: int) -> bool:
    try:
        name = os.readlink(f"/proc/{task.tid}/fd/{descriptor}")
    except OSError:
        return False
    if name.startswith("/memfd:"):
        return name.endswith(" (deleted)")
    return name.startswith("/proc/") and os.path.basename(name) in joining.OWN_FILES


def _frame_arguments(task: Task) -> tuple[int, ...]:
    """The arguments in the frame that a task's agent made of the program's registers."""
    assert task.space is not None
    size = 8 * len(FRAME_REGISTERS)
    frame = task.space.memory.readable(task.slot_address + TASK_SLOT_SIZE - size, size)
    words = [
        int.from_bytes(frame[8 * i : 8 * i + 8], "little") for i in range(len(FRAME_REGISTERS))
    ]
    return tuple(words[FRAME_REGISTERS.index(name)] for name in _ARGUMENTS)


def _compared(task: Task, number: int, arguments: tuple[int, ...]) -> compared.Compared:
    from mvx import compared

    assert task.space is not None
    mask = _MASKS.get(number)
    if mask is not None and not arguments[mask]:
        # The kernel does not look at the size then, nor does the agent (agent/walk.c).
        arguments = (*arguments[: mask + 1], 0, *arguments[mask + 2 :])
    return compared.from_memory(number, arguments, compared.reader(task.space.memory, _CONTENT_MAX))


def _difference(own: compared.Compared, other: compared.Compared, handler: Handler) -> str:
    """The name of the first argument that differs, empty if none does."""
    for index, parameter in enumerate(own.parameters()):
        if handler is Handler.PRLIMIT and index != 1:
            continue  # a follower sets its own limit, and RLIMIT_AS is shifted by the agent
        mine, theirs = own.arguments[index], other.arguments[index]
        if parameter.kind in _SCALARS_32:
            equal = mine & 0xFFFFFFFF == theirs & 0xFFFFFFFF
        elif parameter.kind is Kind.LONG:
            equal = mine == theirs
        elif parameter.kind is Kind.TIMEOUT:
            equal = timeout_sign(mine) == timeout_sign(theirs)
        elif parameter.direction in (Direction.IN, Direction.IN_OUT):
            equal = own.data(index) == other.data(index)
        else:
            equal = True
        if not equal:
            return parameter.name
    return ""
