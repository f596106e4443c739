"""clone, clone3, fork, vfork: how new tasks come to life in every variant.

Followers create their processes with CLONE_PARENT: their parent is the supervisor (or the stand-in
parent of their PID namespace), which reaps them, while the program's waits are answered from the
leader. In a namespace the new task gets the leader's number by ``set_tid`` (clone3(2); Linux 5.5);
where that is not possible the number that the kernel wrote into the program's memory is replaced by
the leader's. The rewritten arguments lie in the task's slot; parent and child get the program's
registers back before they run.
"""

from __future__ import annotations

import errno
import os
import signal
import struct
from collections.abc import Callable
from typing import Final

from mvx import joining, kernel, turns
from mvx.kernel import MASK, Registers, signed
from mvx.memory import Memory
from mvx.monitor import Monitor
from mvx.tasks import AddressSpace, Birth, State, Task, TaskSet

CLONE: Final = 56
FORK: Final = 57
VFORK: Final = 58
CLONE3: Final = 435
BIRTHS: Final = frozenset({CLONE, FORK, VFORK, CLONE3})

CLONE_VM: Final = 0x100
CLONE_FILES: Final = 0x400
CLONE_PIDFD: Final = 0x1000
CLONE_VFORK: Final = 0x4000
CLONE_PARENT: Final = 0x8000
CLONE_THREAD: Final = 0x10000
CLONE_PARENT_SETTID: Final = 0x100000
CLONE_UNTRACED: Final = 0x800000
CLONE_CHILD_CLEARTID: Final = 0x200000
CLONE_CHILD_SETTID: Final = 0x1000000
_EXIT_SIGNAL: Final = 0xFF
_LEADERS: Final = 0x40000000 | 0x02000000 | 0x04000000 | 0x80 | 0x10000000 | joining.ALL
"""CLONE_NEWNET, CLONE_NEWCGROUP, CLONE_NEWUTS, CLONE_NEWTIME, CLONE_NEWUSER and those of
:mod:`.joining`: what is in such namespaces only the leader uses. Followers stay where they can
reach mvx, but for mounts and System V objects.
"""
_CLONE_DETACHED: Final = 0x400000
"""Ignored by clone(2), refused by clone3; musl still sets it."""
_ARGUMENTS: Final = struct.Struct("<11Q")
"""struct clone_args: flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls,
set_tid, set_tid_size, cgroup.
"""
_ARGUMENTS_MIN: Final = 64
_ARGUMENTS_MAX: Final = 4096
_SCRATCH: Final = 0x400
"""Where in a task slot the changed clone_args lie: past struct task, far below the agent's stack.
"""
_STACK_GUESS: Final = 4096
"""clone gives the top of a stack, clone3 wants its lowest byte and size: any size above zero gives
the same top.
"""


class Births:
    """Creates the followers' tasks as the leader created its own."""

    def __init__(self, monitor: Monitor, outcome: Callable[[TaskSet, int], None]) -> None:
        """`outcome` tells a task set the leader's result."""
        self._monitor = monitor
        self._outcome = outcome
        self._early: set[int] = set()

    def give_birth(self, task: Task, program: Registers) -> None:
        """Make the call that a task asked for: as it is in the leader, rewritten in a follower."""
        assert task.space is not None
        frame = Registers.from_buffer_copy(program)
        number = program.orig_rax
        if number == CLONE3:
            size = min(program.rsi, _ARGUMENTS_MAX + 1)
            content = task.space.memory.readable(program.rdi, size)
            if len(content) < size or not _are_arguments(content):
                run_call(task, program, self._refused)  # the kernel will say EINVAL, EFAULT, E2BIG
                return
            content = content[: _ARGUMENTS.size]
            words = list(_ARGUMENTS.unpack(content.ljust(_ARGUMENTS.size, b"\0")))
        else:
            words = _as_clone3(program)
        words[0] &= ~CLONE_UNTRACED
        flags = words[0]
        if task.is_leader and not self._has_room(task, flags):
            program.rax, program.orig_rax = -errno.EAGAIN & MASK, MASK
            self._monitor.release(task, program)
            self._outcome(task.set, -errno.EAGAIN)
            return
        ordering = self._monitor.ordering
        if ordering is not None and flags & (CLONE_VM | CLONE_VFORK) == CLONE_VM:
            ordering.begin(task, frame)
        if task.is_leader:
            if number == CLONE3:
                self._use_arguments(task, program, words)
            elif number == CLONE:
                program.rdi &= ~CLONE_UNTRACED
        else:
            self._rewrite(task, program, words)
        task.birth = Birth(
            flags,
            frame,
            words[3] if flags & CLONE_PARENT_SETTID else 0,
            words[2] if flags & CLONE_CHILD_SETTID else 0,
            words[2] if flags & CLONE_CHILD_CLEARTID else 0,
            task.birth_mask,
        )
        run_call(task, program, self._done)

    def _has_room(self, task: Task, flags: int) -> bool:
        """Whether mvx can keep one more task; the program hears else what a limit of the system
        would make it hear.
        """
        assert task.space is not None
        own_table = not flags & CLONE_FILES
        room = not flags & CLONE_VM or task.space.has_room(table=own_table)
        if room and self._monitor.arenas.has_room:
            return True
        self._monitor.warn(
            "room", "more processes and threads at once than mvx has room for: EAGAIN"
        )
        return False

    def _rewrite(self, task: Task, program: Registers, words: list[int]) -> None:
        """A follower's call: another parent, and in a namespace the leader's number."""
        if not words[0] & CLONE_THREAD:
            words[0] = words[0] & ~_LEADERS | CLONE_PARENT
        words[4] = 0  # of a thread clone ignores it; with CLONE_PARENT it is the caller's
        child = task.set.child
        assert child is not None
        words[8] = words[9] = 0
        if task.variant.namespace and not task.birth_retried:
            words[8], words[9] = task.slot_address + _SCRATCH + _ARGUMENTS.size, 1
            assert task.space is not None
            task.space.memory.write(words[8], struct.pack("<i", child.tid))
        self._use_arguments(task, program, words)

    @staticmethod
    def _use_arguments(task: Task, program: Registers, words: list[int]) -> None:
        assert task.space is not None
        scratch = task.slot_address + _SCRATCH
        task.space.memory.write(scratch, _ARGUMENTS.pack(*words))
        program.orig_rax = CLONE3
        program.rdi, program.rsi = scratch, _ARGUMENTS.size

    def born(self, task: Task) -> None:
        """The event of a clone, fork or vfork: the new task's id is known."""
        monitor = self._monitor
        tid = kernel.event_message(task.tid)
        birth = task.birth
        assert birth is not None
        is_thread = bool(birth.flags & CLONE_THREAD)
        if task.is_leader:
            process = task.set.process if is_thread else tid
            task.set.child = monitor.new_set(tid, process)
            monitor.renumbers |= bool(birth.flags & joining.NEW_PROCESSES)
            if monitor.renumbers:
                joining.number(task.set.child, task, is_thread=is_thread)
                monitor.processes |= {0, task.set.child.own_process}  # 0: somebody outside of it
        child_set = task.set.child
        assert child_set is not None
        child = Task(tid, task.process if is_thread else tid, task.variant, child_set)
        child.birth = birth
        monitor.add_task(child)
        if not task.is_leader and birth.parent_tid_address and task.space is not None:
            task.space.memory.write(birth.parent_tid_address, struct.pack("<i", child_set.told))
        self._prepare(task, child)
        if tid in self._early:
            self._early.discard(tid)
            self.start(child)
        if task.is_leader:
            self._outcome(task.set, child_set.told)
        kernel.resume(task.tid, to_syscall_exit=True)

    def _prepare(self, parent: Task, child: Task) -> None:
        """Decide where the child's state lives: memory shared with the parent needs a slot and
        maybe a table of its own.
        """
        monitor = self._monitor
        assert parent.space is not None
        assert parent.table is not None
        assert child.birth is not None
        flags = child.birth.flags
        if not flags & CLONE_VM:
            space = AddressSpace(Memory(child.tid), parent.space.base)
            space.slots.add(parent.slot)
            space.tables.add(parent.table.index)
            space.tables_used |= parent.space.tables_used
            space.overhead = parent.space.overhead
            space.entry = parent.space.entry
            space.loading = parent.space.loading
            space.own_program = parent.space.own_program
            space.home = parent.space.home
            space.stack_start = parent.space.stack_start
            space.vdso = parent.space.vdso
            space.reads_counter = parent.space.reads_counter
            space.lost_counter = parent.space.lost_counter
            space.sites = parent.space.sites.copy()
            space.code = parent.space.code.copy()
            space.turns = parent.space.turns.copy()
            space.order = parent.space.order.copy()
            child.space, child.slot = space, parent.slot
            child.turns = space.turns.joined
            child.table = type(parent.table)(space, parent.table.index)
            return
        slot = parent.space.take_slot()
        if slot is None:
            monitor.diverged("refused", parent, "more threads in one process than mvx has room for")
            return
        child.space, child.slot = parent.space, slot
        if monitor.ordered and not flags & CLONE_VFORK:
            if monitor.ordering is not None and parent.space.order.is_parallel:
                child.parallel = True
                monitor.ordering.prepare(child)
            else:
                child.turns = True
                turns.begin(monitor, parent)
        if flags & CLONE_FILES:
            child.table = parent.table
        else:
            child.table = monitor.new_table(parent.space, monitor.table_content(parent))

    def appeared(self, tid: int) -> None:
        """The first stop of a task whose parent's event has not come yet."""
        self._early.add(tid)

    def start(self, child: Task) -> None:
        """The first stop of a new task: give it its place and let it run."""
        birth = child.birth
        assert birth is not None
        assert child.space is not None
        assert child.table is not None
        space = child.space
        if not birth.flags & CLONE_VM:
            space.turns.inherited(space)
            if self._monitor.ordering is not None:
                self._monitor.ordering.end(space, child.slot)
        current = kernel.registers(child.tid)
        restored = Registers.from_buffer_copy(
            bytes(birth.frame)[: kernel.FRAME_SIZE] + bytes(current)[kernel.FRAME_SIZE :]
        )
        restored.rsp = current.rsp
        restored.rax = 0
        restored.orig_rax = MASK
        restored.gs_base = space.slot_address(child.slot)
        first_turn = turns.first(self._monitor, child, restored) if child.turns else {}
        self._monitor.enter(
            child,
            space,
            child.slot,
            child.table,
            clear_tid=birth.clear_tid_address,
            **first_turn,
        )
        if not child.is_leader and birth.child_tid_address:
            space.memory.write(birth.child_tid_address, struct.pack("<i", child.set.own_tid))
        child.birth = None
        if birth.mask is not None:
            kernel.set_signal_mask(child.tid, birth.mask)
        kernel.set_registers(child.tid, restored)
        if birth.flags & joining.FOLLOWED and not child.is_leader:
            joining.join(self._monitor, child, in_call=False)
        kernel.resume(child.tid)

    def _refused(self, task: Task, stopped: Registers) -> None:
        """The exit of a clone3 whose arguments the kernel could not read either."""
        if task.is_leader:
            self._outcome(task.set, signed(stopped.rax))
        kernel.resume(task.tid)

    def _done(self, task: Task, stopped: Registers) -> None:
        """The syscall-exit stop of a clone, fork or vfork in the parent."""
        birth = task.birth
        task.birth = None
        assert birth is not None
        result = signed(stopped.rax)
        if -result in kernel.RESTART_CODES:
            # A signal is pending (fork(2) is restarted then): not again, or a timer that fires more
            # often than mvx needs for a birth would keep the program from it for ever.
            if task.birth_mask is None:
                task.birth_mask = kernel.signal_mask(task.tid)
                kernel.set_signal_mask(task.tid, MASK)
            self._retry(task, birth, stopped)
            return
        if task.birth_mask is not None:
            kernel.set_signal_mask(task.tid, task.birth_mask)
            task.birth_mask = None
        if task.is_leader:
            if result < 0:
                self._outcome(task.set, result)
        else:
            if result < 0 and task.variant.namespace and not task.birth_retried:
                # No right to choose the number any more (the program gave up its identity), or it
                # is taken.
                task.birth_retried = True
                self._retry(task, birth, stopped)
                return
            task.birth_retried = False
            if result < 0:
                self._monitor.diverged(
                    "result", task, f"a follower could not create a task: {os.strerror(-result)}"
                )
                return
            assert task.set.child is not None
            result = task.set.child.told
        restored = Registers.from_buffer_copy(birth.frame)
        restored.fs_base, restored.gs_base = stopped.fs_base, stopped.gs_base
        restored.rax = result & MASK
        kernel.go_on(task.tid, restored)

    def _retry(self, task: Task, birth: Birth, stopped: Registers) -> None:
        """Make the call again: from the control gate, where the task stops before it."""
        again = Registers.from_buffer_copy(birth.frame)
        again.fs_base, again.gs_base = stopped.fs_base, stopped.gs_base
        again.rip = self._monitor.control_call(task.variant)
        again.rax = 39
        again.orig_rax = MASK
        task.birth_frame = birth.frame
        kernel.set_registers(task.tid, again)
        kernel.resume(task.tid)

    def retried(self, task: Task, current: Registers) -> None:
        """The control-gate stop of a retry."""
        frame, task.birth_frame = task.birth_frame, None
        assert frame is not None
        program = Registers.from_buffer_copy(frame)
        program.fs_base, program.gs_base = current.fs_base, current.gs_base
        self.give_birth(task, program)


def _are_arguments(content: bytes) -> bool:
    """Whether the kernel takes this for a struct clone_args: what it does not know must be zero
    (copy_struct_from_user).
    """
    is_size = _ARGUMENTS_MIN <= len(content) <= _ARGUMENTS_MAX
    return is_size and not any(content[_ARGUMENTS.size :])


def _as_clone3(program: Registers) -> list[int]:
    """The arguments of clone, fork or vfork as those of clone3."""
    if program.orig_rax == CLONE:
        flags, stack = program.rdi, program.rsi
        words = [
            flags & ~(_EXIT_SIGNAL | _CLONE_DETACHED),
            program.rdx if flags & CLONE_PIDFD else 0,
        ]
        words += [program.r10, program.rdx, flags & _EXIT_SIGNAL]
        words += [stack - _STACK_GUESS if stack else 0, _STACK_GUESS if stack else 0, program.r8]
    else:
        flags = CLONE_VM | CLONE_VFORK if program.orig_rax == VFORK else 0
        words = [flags, 0, 0, 0, signal.SIGCHLD, 0, 0, 0]
    return [*words, 0, 0, 0]


def run_call(task: Task, program: Registers, at_exit: Callable[[Task, Registers], None]) -> None:
    """Make a stopped task execute the call in `program` and stop at its exit."""
    task.on_exit_stop = at_exit
    task.state = State.RUNNING
    kernel.set_registers(task.tid, program)
    kernel.resume(task.tid, to_syscall_exit=True)
