"""The vsyscall page: gettimeofday, time and getcpu at fixed addresses, for very old programs.

The kernel emulates a call there in the page fault. Under a filter that traces, the stop comes with
rip at the page itself; the tracer may only skip it (orig_rax = -1) and set the result: another rip
or number ends the program with SIGSYS (arch/x86/entry/vsyscall/vsyscall_64.c, emulate_vsyscall). So
the supervisor answers, the same to every variant.
"""

from __future__ import annotations

import contextlib
import struct
import time
from typing import Final

from mvx import kernel
from mvx.kernel import Registers
from mvx.monitor import Monitor
from mvx.tasks import Task

_PAGE: Final = 0xFFFFFFFFFF600000
_PAGE_SIZE: Final = 0x1000
_GETTIMEOFDAY: Final = 0x000
_TIME: Final = 0x400
_GETCPU: Final = 0x800
_NS: Final = 1_000_000_000


def is_entry(address: int) -> bool:
    """Whether a trapped call was made by the vsyscall page."""
    return _PAGE <= address < _PAGE + _PAGE_SIZE


class Vsyscalls:
    """The answers so far: the n-th call of a task set has the same one in every variant."""

    def __init__(self, monitor: Monitor) -> None:
        """Works on the monitor's tasks."""
        self._monitor = monitor
        self._answers: dict[int, list[int]] = {}
        self._made: dict[tuple[int, int], int] = {}

    def answer(self, task: Task, current: Registers) -> None:
        """Answer a stopped vsyscall and let the task go on."""
        assert task.space is not None
        answers = self._answers.setdefault(task.set.identifier, [])
        key = (task.set.identifier, task.variant.index)
        made = self._made.get(key, 0)
        self._made[key] = made + 1
        if made == len(answers):
            answers.append(time.time_ns())
        now_ns = answers[made]
        result = 0
        offset = current.rip - _PAGE
        with contextlib.suppress(OSError):
            if offset == _GETTIMEOFDAY and current.rdi:
                value = struct.pack("<qq", now_ns // _NS, now_ns % _NS // 1000)
                task.space.memory.write(current.rdi, value)
            elif offset == _TIME:
                result = now_ns // _NS
                if current.rdi:
                    task.space.memory.write(current.rdi, struct.pack("<q", result))
            elif offset == _GETCPU:
                for address in (current.rdi, current.rsi):
                    if address:
                        task.space.memory.write(address, bytes(4))
        kernel.go_on(task.tid, current, result)
