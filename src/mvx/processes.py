"""Calls that change the process itself: exec, sigreturn, sigaltstack, and (in births.py) clone,
fork, vfork.

The agent has compared the call and asks for it at the control gate. The supervisor turns that stop
into the call itself, with the program's registers and the return address in rip, so that it happens
in the program's own context: children come to life in program code and no stack of the agent is
involved. The leader goes first; followers repeat what succeeded.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
from typing import Final

from mvx import kernel, outlandish, shield
from mvx.births import BIRTHS, CLONE, CLONE3, Births, run_call
from mvx.faults import handling
from mvx.kernel import MASK, Registers, signed
from mvx.masks import open_together
from mvx.memory import Memory
from mvx.monitor import Monitor
from mvx.pointers import after_exec
from mvx.tasks import State, Task, TaskSet

RT_SIGRETURN: Final = 15
SIGALTSTACK: Final = 131
EXECVE: Final = 59
EXECVEAT: Final = 322
_EXECS: Final = frozenset({EXECVE, EXECVEAT})

_NATIVE: Final = BIRTHS | _EXECS | {RT_SIGRETURN, SIGALTSTACK}
_UCONTEXT_RIP: Final = 40 + 8 * 16
"""Offset of gregs[REG_RIP] in the ucontext that rsp points at when rt_sigreturn is called."""
_STRING_MAX: Final = 1 << 17
"""A longer string is refused by the kernel (MAX_ARG_STRLEN in linux/binfmts.h)."""
_STRINGS_MAX: Final = 1 << 16
_PAGE: Final = 4096
_WORD: Final = 8


class _Strings:
    """Strings in the memory of a stopped task; each page is read once."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._pages: dict[int, bytes] = {}

    def _rest_of_page(self, address: int) -> bytes:
        page = address & -_PAGE
        if page not in self._pages:
            self._pages[page] = self._memory.readable(page, _PAGE)
        return self._pages[page][address - page :]

    def at(self, address: int) -> bytes:
        """A C string; what follows memory that cannot be read is missing."""
        content = b""
        while len(content) < _STRING_MAX:
            piece, end, _ = self._rest_of_page(address + len(content)).partition(b"\0")
            content += piece
            if end or not piece:
                break
        return content

    def array(self, address: int) -> tuple[bytes, ...]:
        """The strings of a NULL-terminated array."""
        found: list[bytes] = []
        pages = self._pages
        while address and len(found) < _STRINGS_MAX:
            words = self._rest_of_page(address)
            if len(words) < _WORD or address % _WORD:
                words = self._memory.readable(address, _WORD)
            if len(words) < _WORD:
                break
            words = words[: len(words) & -_WORD]
            for (pointer,) in struct.iter_unpack("<Q", words):
                if not pointer:
                    return tuple(found)
                page = pages.get(pointer & -_PAGE, b"")
                end = page.find(b"\0", pointer & _PAGE - 1)
                found.append(page[pointer & _PAGE - 1 : end] if end >= 0 else self.at(pointer))
            address += len(words)
        return tuple(found)


def _check_alive(task_set: TaskSet) -> None:
    """Raise TaskGoneError if one of the gathered tasks, which are all stopped, has been killed: its
    memory is gone.
    """
    for task in task_set.gathered.values():
        kernel.registers(task.tid)


class Processes:
    """Births, execs and the other native calls of all tasks."""

    def __init__(self, monitor: Monitor) -> None:
        """Works on the monitor's tasks."""
        self._monitor = monitor
        self.births = Births(monitor, self._outcome)

    # Native calls

    def native(self, task: Task) -> None:
        """A task asks for a native call; it stands at the control gate with task.registers.

        Nothing happens before every variant stands there and the supervisor has seen that they ask
        for the same.
        """
        if not self._monitor.gather(task):
            return
        task_set = task.set
        open_together(task_set.gathered.values())
        if not self._agree(task_set):
            return
        leader = task_set.gathered.pop(0)
        if leader.stash:
            self._monitor.write_field(leader, "pending", 1)  # no agent sees the end of this call
        task_set.native_result = None
        task_set.native_signals = []
        task_set.child = None
        self._execute(leader)

    def _agree(self, task_set: TaskSet) -> bool:
        """Look at every variant itself, whatever its agent said: the same call, path, arguments,
        flags.
        """
        monitor = self._monitor
        asked: list[tuple[object, ...]] = []
        for _, task in sorted(task_set.gathered.items()):
            asked.append(self._asked(task))
            if asked[-1] != asked[0]:
                _check_alive(task_set)
            if asked[-1][0] not in _NATIVE:
                monitor.diverged(
                    "integrity", task, f"call {asked[-1][0]} asked for at the control gate"
                )
                return False
            if asked[-1] != asked[0]:
                monitor.diverged(
                    "integrity", task, "variants ask for different calls at the control gate"
                )
                return False
        return True

    def _asked(self, task: Task) -> tuple[object, ...]:
        """What must be equal in all variants of a native call."""
        assert task.space is not None
        memory = task.space.memory
        program = self._monitor.program_registers(task)
        number = program.orig_rax
        if number in _EXECS:
            strings = _Strings(memory)
            where: tuple[int, ...] = ()
            path, arguments, environment = program.rdi, program.rsi, program.rdx
            if number == EXECVEAT:
                where = (program.rdi & 0xFFFFFFFF, program.r8 & 0xFFFFFFFF)
                path, arguments, environment = program.rsi, program.rdx, program.r10
            return (
                *(number, *where, strings.at(path)),
                *(strings.array(arguments), strings.array(environment)),
            )
        if number == CLONE:
            return number, program.rdi
        if number == CLONE3:
            return number, memory.readable(program.rdi, 8)
        if number == RT_SIGRETURN:
            target = int.from_bytes(memory.readable(program.rsp + _UCONTEXT_RIP, 8), "little")
            if task.space.contains(target):
                return -1, target
        return (number,)

    def _execute(self, task: Task) -> None:
        program = self._monitor.program_registers(task)
        number = program.orig_rax
        if number in BIRTHS:
            self.births.give_birth(task, program)
        elif number in _EXECS:
            assert task.space is not None
            if task.is_leader and self._cannot_execute(task, program):
                self._give(task, -errno.ENOEXEC)
                self._outcome(task.set, -errno.ENOEXEC)
                return
            task.executing = self._monitor.table_content(task)
            if not task.is_leader:
                path = _Strings(task.space.memory).at(program.rdi)
                self._monitor.programs.substitute(task, program, path)
            run_call(task, program, self._exec_failed)
        elif number == RT_SIGRETURN:
            task.handling = handling(task)[:-1]
            self._sigreturn(task, program)
        else:
            self._in_context(task, program)

    def _sigreturn(self, task: Task, program: Registers) -> None:
        if task.is_leader and len(self._monitor.variants) > 1:
            run_call(task, program, self._sigreturn_done)
        else:
            self._in_context(task, program)

    def _in_context(self, task: Task, program: Registers) -> None:
        """The program's context is all that these calls need: sigreturn, sigaltstack."""
        if task.is_leader:
            self.done(task.set)
        for stash in task.set.native_signals if not task.is_leader else ():
            task.in_flight.append(stash)
            kernel.send_signal(task.process, task.tid, stash.number)
        kernel.set_registers(task.tid, program)
        task.state = State.RUNNING
        kernel.resume(task.tid)

    def _sigreturn_done(self, task: Task, _: Registers) -> None:
        """Signals that the sigreturn unblocks come now, in every variant: wait for the leader's
        before the followers go.
        """
        if not self._monitor.sigreturn_done(task):
            self.done(task.set)
        kernel.resume(task.tid)

    def done(self, task_set: TaskSet) -> None:
        """The leader's native call is over without an error: followers go on."""
        self._outcome(task_set, 0)

    def _repeat(self, task: Task) -> None:
        """A follower does what the leader did, or gets the leader's error."""
        result = task.set.native_result
        assert result is not None
        if result < 0:
            self._give(task, result)
            return
        self._execute(task)

    def _give(self, task: Task, result: int) -> None:
        """Back into the program with a result, without a call."""
        program = self._monitor.program_registers(task)
        program.rax = result & MASK
        program.orig_rax = MASK
        self._monitor.release(task, program)

    def _outcome(self, task_set: TaskSet, result: int) -> None:
        """The leader's result is known: followers that wait for it go on."""
        task_set.native_result = result
        waiting = list(task_set.gathered.values())
        task_set.gathered.clear()
        for follower in waiting:
            self._repeat(follower)

    # Exec

    def _cannot_execute(self, task: Task, program: Registers) -> bool:
        """Whether mvx is what stands against an exec; then the user is told."""
        assert task.space is not None
        strings = _Strings(task.space.memory)
        if program.orig_rax == EXECVEAT:
            folder = ctypes.c_int32(program.rdi & 0xFFFFFFFF).value
            why = outlandish.find(task.tid, strings.at(program.rsi), folder, program.r8)
        else:
            why = outlandish.find(task.tid, strings.at(program.rdi))
        if why:
            self._monitor.warn("outlandish", f"{why}, and mvx runs x86-64 programs: ENOEXEC")
        return bool(why)

    def _exec_failed(self, task: Task, stopped: Registers) -> None:
        """The syscall-exit stop of an exec that failed: a successful one is seen as an event
        before.
        """
        task.executing = None
        result = signed(stopped.rax)
        if task.is_leader:
            self._outcome(task.set, result)
        else:
            self._monitor.diverged(
                "result", task, f"exec succeeded in the leader only: {os.strerror(-result)}"
            )
            return
        kernel.resume(task.tid)

    def executed(self, task: Task) -> None:
        """PTRACE_EVENT_EXEC: put the agent into the new image and start it."""
        monitor = self._monitor
        former = kernel.event_message(task.tid)
        table = task.executing or b""
        if former != task.tid and former in monitor.tasks:
            task = self._take_over(task, monitor.tasks.pop(former))
            table = task.executing or b""
        task.executing = None
        table = after_exec(table)
        task.on_exit_stop = None
        task.handling, task.returned = [], 0
        former = task.space.overhead if task.space is not None else 0
        monitor.leave(task)
        if task.is_leader:
            self._outcome(task.set, 0)  # followers execute it while the leader gets its agent
        space, image = monitor.injector.inject(task, former)
        task.variant.launching = False
        new_table = monitor.new_table(space, table)
        monitor.enter(task, space, 0, new_table)
        task.shield = shield.seen(monitor, task, image.record)
        monitor.sites.started(task)
        if monitor.ordering is not None:
            for number, (area, _) in enumerate(space.started):
                link = f"/proc/{task.tid}/root{area.path}" if number else f"/proc/{task.tid}/exe"
                monitor.ordering.mapped(task, link, area.start, area.offset)
        zone = monitor.placement.zone(space.home)
        for area, _ in space.started:
            size = area.end - area.start
            monitor.disjoint.appeared(task, area.start, size, placed=area.start in zone)
        for number in task.early_signals:
            kernel.send_signal(task.process, task.tid, number)
        task.early_signals.clear()
        kernel.resume(task.tid)

    def _take_over(self, group_leader: Task, executing: Task) -> Task:
        """A thread executed: it gets the process's id, and every other thread is gone (ptrace(2),
        execve under ptrace).
        """
        monitor = self._monitor
        monitor.leave(group_leader)
        group_leader.state = State.ENDED
        group_leader.status = 0
        tid = group_leader.tid
        executing.tid = tid
        monitor.tasks[tid] = executing
        if executing.is_leader:
            executing.set.tid = executing.set.process
            executing.set.own_tid = executing.set.own_process
        return executing
