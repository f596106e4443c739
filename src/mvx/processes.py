"""Calls that change the process itself: clone, fork, vfork, exec, sigreturn, sigaltstack.

The agent has compared the call and asks for it at the control gate. The supervisor turns that stop into the call itself, with
the program's registers and the return address in rip, so that it happens in the program's own context: children come to
life in program code and no stack of the agent is involved. The leader goes first; followers repeat what succeeded.

Followers create their processes with CLONE_PARENT: their parent is the supervisor, which reaps them, while the program's
waits are answered from the leader. The thread ids that the kernel writes into memory are replaced by the leader's.
"""

from __future__ import annotations

import os
import signal
import struct
from typing import Final

from mvx import kernel
from mvx.kernel import MASK, Registers
from mvx.monitor import Monitor
from mvx.tasks import AddressSpace, Birth, State, Task, TaskSet

RT_SIGRETURN: Final = 15
SIGALTSTACK: Final = 131
CLONE: Final = 56
FORK: Final = 57
VFORK: Final = 58
EXECVE: Final = 59
EXECVEAT: Final = 322
CLONE3: Final = 435
_BIRTHS: Final = frozenset({CLONE, FORK, VFORK, CLONE3})
_EXECS: Final = frozenset({EXECVE, EXECVEAT})

CLONE_VM: Final = 0x100
CLONE_FILES: Final = 0x400
CLONE_VFORK: Final = 0x4000
CLONE_PARENT: Final = 0x8000
CLONE_THREAD: Final = 0x10000
CLONE_PARENT_SETTID: Final = 0x100000
CLONE_UNTRACED: Final = 0x800000
CLONE_CHILD_SETTID: Final = 0x1000000
_NATIVE: Final = _BIRTHS | _EXECS | {RT_SIGRETURN, SIGALTSTACK}
_UCONTEXT_RIP: Final = 40 + 8 * 16
"""Offset of gregs[REG_RIP] in the ucontext that rsp points at when rt_sigreturn is called."""
_STRING_MAX: Final = 4096
_STRINGS_MAX: Final = 4096
_SCRATCH: Final = 0x400
"""Where in a task slot a follower's changed clone_args lie: past struct task, far below the agent's stack."""


def _readable(memory: kernel.Memory, address: int, size: int) -> bytes:
    """Program memory, empty where there is none: the kernel will answer EFAULT."""
    try:
        return memory.read(address, size)
    except (OSError, OverflowError):
        return b""


def _string(memory: kernel.Memory, address: int) -> bytes:
    """A C string of at most a page's length (longer ones are compared as far as that)."""
    content = b""
    while b"\0" not in content and len(content) < _STRING_MAX:
        piece = _readable(memory, address + len(content), 256 - (address + len(content)) % 256)
        if not piece:
            break
        content += piece
    return content.partition(b"\0")[0]


def _strings(memory: kernel.Memory, address: int) -> tuple[bytes, ...]:
    """The first strings of a NULL-terminated array."""
    found: list[bytes] = []
    while address and len(found) < _STRINGS_MAX:
        word = int.from_bytes(_readable(memory, address + 8 * len(found), 8), "little")
        if not word:
            break
        found.append(_string(memory, word))
    return tuple(found)


class Processes:
    """Births, execs and the other native calls of all tasks."""

    def __init__(self, monitor: Monitor) -> None:
        """Works on the monitor's tasks."""
        self._monitor = monitor
        self._early: set[int] = set()

    # Native calls

    def native(self, task: Task) -> None:
        """A task asks for a native call; it stands at the control gate with task.registers.

        Nothing happens before every variant stands there and the supervisor has seen that they ask for the same.
        """
        task_set = task.set
        task.state = State.GATHERED
        task_set.gathered[task.variant.index] = task
        if len(task_set.gathered) < len(self._monitor.variants):
            return
        if not self._agree(task_set):
            return
        leader = task_set.gathered.pop(0)
        task_set.native_result = None
        task_set.native_signals = []
        task_set.child = None
        self._execute(leader)

    def _agree(self, task_set: TaskSet) -> bool:
        """Look at every variant itself, whatever its agent said: the same call, path, arguments, flags."""
        monitor = self._monitor
        asked: list[tuple[object, ...]] = []
        for variant in range(len(monitor.variants)):
            task = task_set.gathered[variant]
            asked.append(self._asked(task))
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
        if number == EXECVE:
            return number, _string(memory, program.rdi), _strings(memory, program.rsi)
        if number == EXECVEAT:
            return (
                *(number, program.rdi & 0xFFFFFFFF, program.r8 & 0xFFFFFFFF),
                *(_string(memory, program.rsi), _strings(memory, program.rdx)),
            )
        if number == CLONE:
            return number, program.rdi
        if number == CLONE3:
            return number, _readable(memory, program.rdi, 8)
        if number == RT_SIGRETURN:
            target = int.from_bytes(_readable(memory, program.rsp + _UCONTEXT_RIP, 8), "little")
            if task.space.contains(target):
                return -1, target
        return (number,)

    def _execute(self, task: Task) -> None:
        program = self._monitor.program_registers(task)
        number = program.orig_rax
        if number in _BIRTHS:
            self._give_birth(task, program)
        elif number in _EXECS:
            assert task.space is not None
            task.executing = self._monitor.table_content(task)
            self._run_call(task, program, self._exec_failed)
        elif number == RT_SIGRETURN and task.is_leader and len(self._monitor.variants) > 1:
            self._run_call(task, program, self._sigreturn_done)
        else:
            # The program's context is all that these calls need: sigreturn, sigaltstack.
            if task.is_leader:
                self.done(task.set)
            for stash in task.set.native_signals if not task.is_leader else ():
                task.in_flight.append(stash)
                kernel.send_signal(task.process, task.tid, stash.number)
            kernel.set_registers(task.tid, program)
            task.state = State.RUNNING
            kernel.resume(task.tid)

    def _sigreturn_done(self, task: Task, _: Registers) -> None:
        """Signals that the sigreturn unblocks come now, in every variant: wait for the leader's before the followers go."""
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
            program = self._monitor.program_registers(task)
            program.rax = result & MASK
            program.orig_rax = MASK
            self._monitor.release(task, program)
            return
        self._execute(task)

    def _outcome(self, task_set: TaskSet, result: int) -> None:
        """The leader's result is known: followers that wait for it go on."""
        task_set.native_result = result
        waiting = list(task_set.gathered.values())
        task_set.gathered.clear()
        for follower in waiting:
            self._repeat(follower)

    def _run_call(self, task: Task, program: Registers, at_exit: object) -> None:
        task.on_exit_stop = at_exit  # type: ignore[assignment]
        task.state = State.RUNNING
        kernel.set_registers(task.tid, program)
        kernel.resume(task.tid, to_syscall_exit=True)

    # Exec

    def _exec_failed(self, task: Task, stopped: Registers) -> None:
        """The syscall-exit stop of an exec that failed: a successful one is seen as an event before."""
        task.executing = None
        result = _signed(stopped.rax)
        if task.is_leader:
            self._outcome(task.set, result)
        else:
            self._monitor.diverged("result", task, f"exec succeeded in the leader only: {os.strerror(-result)}")
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
        task.on_exit_stop = None
        monitor.leave(task)
        space = monitor.injector.inject(task)
        task.variant.launching = False
        new_table = monitor.new_table(space, table)
        monitor.enter(task, space, 0, new_table)
        if task.is_leader:
            self._outcome(task.set, 0)
        for number in task.early_signals:
            kernel.send_signal(task.process, task.tid, number)
        task.early_signals.clear()
        kernel.resume(task.tid)

    def _take_over(self, group_leader: Task, executing: Task) -> Task:
        """A thread executed: it gets the process's id, and every other thread is gone (ptrace(2), execve under ptrace)."""
        monitor = self._monitor
        monitor.leave(group_leader)
        group_leader.state = State.ENDED
        group_leader.status = 0
        tid = group_leader.tid
        executing.tid = tid
        monitor.tasks[tid] = executing
        if executing.is_leader:
            executing.set.tid = executing.set.process
        return executing

    # Births

    def _give_birth(self, task: Task, program: Registers) -> None:
        assert task.space is not None
        memory = task.space.memory
        frame = Registers.from_buffer_copy(program)
        number = program.orig_rax
        parent_tid = child_tid = stack = 0
        if number == CLONE3:
            size = min(program.rsi, 88)
            arguments = bytearray(_readable(memory, program.rdi, size))
            if len(arguments) < 64:
                self._run_call(task, program, self._birth_refused)
                return
            words = struct.unpack(f"<{size // 8}Q", arguments[: size // 8 * 8])
            flags, _, child_tid, parent_tid, exit_signal, stack_low, stack_size = words[:7]
            stack = stack_low + stack_size if stack_low else 0
            flags = (flags & ~CLONE_UNTRACED) | exit_signal
            new_flags = flags & ~0xFF
            if not task.is_leader and not flags & CLONE_THREAD:
                new_flags |= CLONE_PARENT
                # With CLONE_PARENT the kernel wants no exit signal of its own (clone3: EINVAL).
                struct.pack_into("<Q", arguments, 32, 0)
            struct.pack_into("<Q", arguments, 0, new_flags)
            scratch = task.slot_address + _SCRATCH
            memory.write(scratch, bytes(arguments))
            program.rdi = scratch
        else:
            if number == CLONE:
                flags, stack, parent_tid, child_tid = (
                    program.rdi,
                    program.rsi,
                    program.rdx,
                    program.r10,
                )
            else:
                flags = signal.SIGCHLD | (CLONE_VM | CLONE_VFORK if number == VFORK else 0)
            flags &= ~CLONE_UNTRACED
            rewritten = flags if task.is_leader or flags & CLONE_THREAD else flags | CLONE_PARENT
            if number == CLONE:
                program.rdi = rewritten
            elif not task.is_leader:
                program.orig_rax = CLONE
                program.rdi, program.rsi, program.rdx, program.r10, program.r8 = rewritten, 0, 0, 0, 0
        task.birth = Birth(
            flags,
            frame,
            parent_tid if flags & CLONE_PARENT_SETTID else 0,
            child_tid if flags & CLONE_CHILD_SETTID else 0,
            stack,
        )
        self._run_call(task, program, self._birth_done)

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
        child_set = task.set.child
        assert child_set is not None
        child = Task(tid, task.process if is_thread else tid, task.variant, child_set)
        child.birth = birth
        monitor.add_task(child)
        if not task.is_leader and birth.parent_tid_address and task.space is not None:
            task.space.memory.write(birth.parent_tid_address, struct.pack("<i", child_set.tid))
        self._prepare(task, child)
        if tid in self._early:
            self._early.discard(tid)
            self.start(child)
        if task.is_leader:
            self._outcome(task.set, child_set.tid)
        kernel.resume(task.tid, to_syscall_exit=True)

    def _prepare(self, parent: Task, child: Task) -> None:
        """Decide where the child's state lives: memory shared with the parent needs a slot and maybe a table of its own."""
        monitor = self._monitor
        assert parent.space is not None
        assert parent.table is not None
        assert child.birth is not None
        flags = child.birth.flags
        if not flags & CLONE_VM:
            space = AddressSpace(kernel.Memory(child.tid), parent.space.base, {parent.slot}, set())
            space.tables.add(parent.table.index)
            space.files_mapped = parent.space.files_mapped
            child.space, child.slot = space, parent.slot
            child.table = type(parent.table)(space, parent.table.index)
            return
        slot = parent.space.take_slot()
        if slot is None:
            monitor.diverged("refused", parent, "more threads in one process than mvx has room for")
            return
        child.space, child.slot = parent.space, slot
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
        space, table = child.space, child.table
        self._monitor.enter(child, space, child.slot, table)
        current = kernel.registers(child.tid)
        if not child.is_leader:
            rsp = current.rsp
            segments = bytes(current)[kernel.FRAME_SIZE :]
            current = Registers.from_buffer_copy(bytes(birth.frame)[: kernel.FRAME_SIZE] + segments)
            current.rsp = rsp
            current.rax = 0
            if birth.child_tid_address:
                space.memory.write(birth.child_tid_address, struct.pack("<i", child.set.tid))
        elif birth.frame.orig_rax == CLONE3:
            current.rdi = birth.frame.rdi
        current.orig_rax = MASK
        current.gs_base = space.slot_address(child.slot)
        child.birth = None
        kernel.set_registers(child.tid, current)
        kernel.resume(child.tid)

    def _birth_refused(self, task: Task, stopped: Registers) -> None:
        """The exit of a clone3 whose arguments the kernel could not read either."""
        if task.is_leader:
            self._outcome(task.set, _signed(stopped.rax))
        kernel.resume(task.tid)

    def _birth_done(self, task: Task, stopped: Registers) -> None:
        """The syscall-exit stop of a clone, fork or vfork in the parent."""
        birth = task.birth
        task.birth = None
        assert birth is not None
        result = _signed(stopped.rax)
        if task.is_leader:
            if result < 0:
                self._outcome(task.set, result)
        else:
            if result < 0:
                self._monitor.diverged(
                    "result", task, f"a follower could not create a task: {os.strerror(-result)}"
                )
                return
            assert task.set.child is not None
            result = task.set.child.tid
        restored = Registers.from_buffer_copy(birth.frame)
        restored.fs_base, restored.gs_base = stopped.fs_base, stopped.gs_base
        restored.rax = result & MASK
        restored.orig_rax = MASK
        kernel.set_registers(task.tid, restored)
        kernel.resume(task.tid)


def _signed(value: int) -> int:
    return value - (1 << 64) if value >> 63 else value
