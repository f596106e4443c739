"""Injection: putting the agent into the new image of a process that has executed a program.

It happens at PTRACE_EVENT_EXEC, where all registers are the new image's but rax, which execve sets
to zero when it returns. The supervisor pokes a system call over the program's entry, makes it map
the region, writes the first pages of the agent, and lets the bootstrap in them fetch the arenas and
the rest over a socket: no descriptor of the monitor stays open in a variant, and this works for any
identity and root directory that the program has taken on. Then everything is put back, the
auxiliary vector loses the vDSO, and the program starts under control from its first instruction.
"""

from __future__ import annotations

import array
import os
import resource
import select
import socket
import struct
from collections.abc import Callable

from mvx import kernel, listening
from mvx.arena import Arenas
from mvx.entry import arm
from mvx.errors import InternalError, UnsupportedProgram
from mvx.image import Image
from mvx.layout import ARENA_SIZE, PLACES_OFFSET, PRIVATE_SIZE, REQUESTS, TASK_SLOT_SIZE
from mvx.memory import Memory
from mvx.newimage import Mapping, NewImage
from mvx.placement import Placement, Plan
from mvx.programs import Programs
from mvx.records import BOOTSTRAP
from mvx.stack import AT_BASE, AT_ENTRY
from mvx.tasks import AddressSpace, Task
from mvx.variation import Variation

_MMAP = 9
_PRLIMIT_AS = (302, 0, resource.RLIMIT_AS)
_PROT_ALL = 7
_MAP_FLAGS = 0x02 | 0x20 | 0x4000 | 0x100000
"""MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE."""
_CODE_SEGMENT_32 = 0x23
_SPACE = 1 << 47
"""By so much the agent shifts the hard limit of a program's address space (agent/limits.c)."""
_REQUESTS = list(REQUESTS)
_ERASED = b"\xcc\xcc"
"""Takes the place of the bootstrap gate's `syscall`, at which the filter lets much pass. Nobody can
put one there again: the agent's code is sealed, or (before Linux 6.10) guarded by the checks of
memory calls.
"""
_OWN_STOPS = (5, kernel.SYSCALL_STOP)
"""SIGTRAP, and a system call: stops of a task that are no signals for the program."""
_PARAMETERS = 0x1000
"""Where struct bootstrap lies in the first task slot: past struct task, far below the stack."""
_VECTOR = 0x2000
_VECTOR_MAX = 400
"""What the kernel keeps of an auxiliary vector at least (AT_VECTOR_SIZE of Linux 5.5, in bytes)."""


class Injector:
    """Puts the agent into new images; holds the socket over which arenas are handed out."""

    def __init__(
        self,
        image: Image,
        arenas: Arenas,
        placement: Placement,
        variation: Variation,
        programs: Programs,
    ) -> None:
        """Listen on an abstract address that nobody can guess."""
        self._image = image
        self._file = image.file()
        self._arenas = arenas
        self._placement = placement
        self._variation = variation
        self._programs = programs
        self.code: Callable[[Task, AddressSpace, list[Mapping]], None] = lambda *_: None
        """Looks at the code of a new image, and decides what depends on it."""
        self._address = listening.new_address()
        self._socket = listening.listen(self._address)

    def close(self) -> None:
        """Stop handing out arenas."""
        self._socket.close()
        os.close(self._file)

    def inject(self, task: Task, former: int = 0) -> tuple[AddressSpace, NewImage]:
        """Put the agent into the image of a task at PTRACE_EVENT_EXEC; it is left stopped, ready to
        start the program. `former`: the overhead of the image before this one.

        Blocks until the bootstrap has run (some 100 µs). Raises TaskGoneError when the task dies
        meanwhile.
        """
        tid = task.tid
        base = task.variant.base
        entry = kernel.registers(tid)
        entry.rax = 0
        if entry.cs == _CODE_SEGMENT_32:
            name = os.readlink(f"/proc/{tid}/exe")
            message = f"{name}: is a 32-bit program, and mvx runs x86-64 programs"
            raise UnsupportedProgram(message, fix="use an x86-64 build of it")
        memory = Memory(tid)
        space = AddressSpace(memory, base)
        result = self._remote_call(
            task, memory, entry, _MMAP, base, PRIVATE_SIZE, _PROT_ALL, _MAP_FLAGS, kernel.MASK, 0
        )
        if result != base:
            message = f"the agent's region cannot be mapped at {base:#x} (result {result:#x})"
            raise InternalError(message, fix="run again: the address is random; see RLIMIT_AS")
        memory.write(base, self._image.content[: self._image.offsets["first"]])
        slot = space.take_slot()
        assert slot == 0
        image = NewImage(tid, memory, entry.rsp)
        stack = image.stack
        plan = self._placement.plan(task.variant, image)
        memory.write(base + PLACES_OFFSET, self._placement.places(plan.home))
        space.home = plan.home
        self.code(task, space, plan.code)
        new = stack.rebuild(self._variation.wishes(task, image, plan), plan.stack_start)
        space.overhead = PRIVATE_SIZE + len(self._arenas.arenas) * ARENA_SIZE + plan.barrier_size
        space.overhead += plan.hole[1] + sum(size for _, size, _ in plan.vdso)
        self._keep_space_limit(task, entry, space, space.overhead - former)
        memory_map = _with_vector(plan.memory_map, space, new.vector)
        self._bootstrap(task, space, entry, plan, memory_map)
        memory.write(new.pointer, new.content)
        space.own_program = self._programs.loads_own(task) or self._variation.loads_own(stack)
        space.loading = space.own_program and bool(stack.auxiliary(AT_BASE))
        if new.withdrawn or space.loading:
            arm(space, stack.auxiliary(AT_ENTRY) + plan.image, new.withdrawn)
        entry.rsp = space.stack_start = new.pointer
        entry.rip += plan.loader if stack.auxiliary(AT_BASE) else plan.image
        entry.gs_base = space.slot_address(0)
        entry.orig_rax = kernel.MASK
        kernel.set_registers(tid, entry)
        return space, image

    def _remote_call(
        self, task: Task, memory: Memory, entry: kernel.Registers, number: int, *arguments: int
    ) -> int:
        """Let a task that is to run at `entry` make a call; rax may change before it runs."""
        saved = memory.read(entry.rip, 8)
        memory.write(entry.rip, b"\xb8" + number.to_bytes(4, "little") + b"\x0f\x05\xcc")
        call = kernel.Registers.from_buffer_copy(entry)
        call.orig_rax = kernel.MASK
        call.rdi, call.rsi, call.rdx, call.r10, call.r8, call.r9 = arguments
        kernel.set_registers(task.tid, call)
        kernel.resume(task.tid)
        self._wait(task, kernel.EVENT_SECCOMP << 8 | 5)
        kernel.resume(task.tid, to_syscall_exit=True)
        self._wait(task, kernel.SYSCALL_STOP)
        memory.write(entry.rip, saved)
        return int(kernel.registers(task.tid).rax)

    def _keep_space_limit(
        self, task: Task, entry: kernel.Registers, space: AddressSpace, growth: int
    ) -> None:
        """Let the program have as much address space as before: mvx takes `growth` bytes more of
        it, or less. A limit that was there before mvx stays. A program that runs as somebody whose
        limits the supervisor has no right to sets it itself.
        """
        place = space.slot_address(0) + _PARAMETERS
        is_own = False
        try:
            soft, hard = resource.prlimit(task.process, resource.RLIMIT_AS)
        except PermissionError:
            is_own = True
            self._remote_call(task, space.memory, entry, *_PRLIMIT_AS, 0, place, 0, 0)
            soft, hard = struct.unpack("<2q", space.memory.read(place, 16))
        infinite = resource.RLIM_INFINITY
        if not growth or soft == infinite or not (hard == infinite or hard > _SPACE):
            return
        if is_own:
            space.memory.write(place, struct.pack("<2q", soft + growth, hard))
            self._remote_call(task, space.memory, entry, *_PRLIMIT_AS, place, 0, 0, 0)
        else:
            resource.prlimit(task.process, resource.RLIMIT_AS, (soft + growth, hard))

    def _bootstrap(
        self,
        task: Task,
        space: AddressSpace,
        entry: kernel.Registers,
        plan: Plan,
        memory_map: tuple[int, ...],
    ) -> None:
        slot = space.slot_address(0)
        address = struct.pack("<H", socket.AF_UNIX) + self._address
        moves = [*plan.moves, *plan.vdso]
        parameters = bytearray(
            BOOTSTRAP.pack(
                variant=task.variant.index,
                variants=len(self._arenas.arenas),
                address_size=len(address),
                moves=len(moves),
                vdso_moves=len(plan.vdso),
                vdso=plan.vdso[0][0] if plan.vdso else 0,
                vdso_size=sum(size for _, size, _ in plan.vdso),
                counter=space.reads_counter,
                barrier=plan.barrier,
                barrier_size=plan.barrier_size,
                hole=plan.hole[0],
                hole_size=plan.hole[1],
                pages=len(space.sites.wanted),
            )
        )
        struct.pack_into("<13Q", parameters, BOOTSTRAP.offset("memory_map"), *memory_map)
        for index, move in enumerate(moves):
            struct.pack_into("<3Q", parameters, BOOTSTRAP.offset("move") + 24 * index, *move)
        wanted = space.sites.wanted
        struct.pack_into(f"<{len(wanted)}Q", parameters, BOOTSTRAP.offset("page"), *wanted)
        start = BOOTSTRAP.offset("address")
        parameters[start : start + len(address)] = address
        space.memory.write(slot + _PARAMETERS, bytes(parameters))
        call = kernel.Registers.from_buffer_copy(entry)
        call.rip = space.base + self._image.offsets["bootstrap"]
        call.rdi = slot + _PARAMETERS
        call.gs_base = slot
        call.rsp = slot + TASK_SLOT_SIZE - 16
        call.orig_rax = kernel.MASK
        kernel.set_registers(task.tid, call)
        if task.is_leader and listening.is_elsewhere(task.tid):
            with listening.listen_elsewhere(task.tid, self._address) as listener:
                kernel.resume(task.tid)
                self._hand_out(task, listener)
        else:
            kernel.resume(task.tid)
            self._hand_out(task, self._socket)
        while True:
            self._wait(task, kernel.EVENT_SECCOMP << 8 | 5)
            stopped = kernel.registers(task.tid)
            if stopped.rip == space.base + self._image.offsets["gate_control"]:
                break
            kernel.resume(task.tid)
        if stopped.rdi != _REQUESTS.index("BOOTSTRAPPED"):
            word = os.strerror(-kernel.signed(stopped.rdx)) if stopped.rdx else "no error number"
            message = f"the agent could not start in process {task.tid}: step {stopped.rsi}, {word}"
            raise InternalError(message, fix="see `mvx doctor`, RLIMIT_AS and RLIMIT_NOFILE")
        if stopped.rsi:
            space.vdso = plan.vdso[-1][2]
        if not stopped.rdx:  # the kernel lets no file in memory be executed (SELinux, for example)
            first = self._image.offsets["first"]
            space.memory.write(space.base + first, self._image.content[first:])
        space.sites.placed = self._placed(space)
        gate = space.base + self._image.offsets["gate_bootstrap"]
        space.memory.write(gate - len(_ERASED), _ERASED)
        # Skip the request itself: the task goes on in the program.
        stopped.orig_rax = kernel.MASK
        kernel.set_registers(task.tid, stopped)

    @staticmethod
    def _placed(space: AddressSpace) -> frozenset[int]:
        """The pages that the bootstrap mapped, of those that it was to map."""
        wanted = space.sites.wanted
        if not wanted:
            return frozenset()
        place = space.slot_address(0) + _PARAMETERS + BOOTSTRAP.offset("page")
        content = space.memory.read(place, 8 * len(wanted))
        return frozenset(wanted).intersection(struct.unpack(f"<{len(wanted)}Q", content))

    def _hand_out(self, task: Task, listener: socket.socket) -> None:
        """Send the bootstrap the arenas' descriptors, its own writable, the others' read-only, and
        the image's.
        """
        for _ in range(2000):
            if select.select([listener], [], [], 0.005)[0]:
                break
            asked = os.WEXITED | os.WSTOPPED | os.WNOHANG | os.WNOWAIT
            stopped = os.waitid(os.P_PID, task.tid, asked)
            if stopped is None:
                continue
            number = stopped.si_status
            if stopped.si_code != os.CLD_TRAPPED or number >> 8 or number in _OWN_STOPS:
                return  # it died or failed; the caller's wait will tell
            os.waitpid(task.tid, kernel.WALL)  # a signal came before it has connected
            task.early_signals.append(number)
            kernel.resume(task.tid)
        else:
            message = f"the agent did not start in process {task.tid} within 10 s"
            raise InternalError(message)
        connection, _ = listener.accept()
        with connection:
            credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
            pid = struct.unpack("<i", credentials[:4])[0]
            if pid not in (0, task.tid):
                message = f"process {pid} asked for the arenas of process {task.tid}"
                raise InternalError(message)
            descriptors = array.array(
                "i",
                [
                    arena.writable if index == task.variant.index else arena.readable
                    for index, arena in enumerate(self._arenas.arenas)
                ]
                + [self._file],
            )
            connection.sendmsg(
                [b"a"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, descriptors.tobytes())]
            )

    @staticmethod
    def _wait(task: Task, expected: int) -> None:
        """Wait for one particular stop; signals that arrive meanwhile are kept for later."""
        while True:
            _, status = os.waitpid(task.tid, kernel.WALL)
            if not os.WIFSTOPPED(status):
                task.status = status
                raise kernel.TaskGoneError(task.tid)
            stop = status >> 8
            if stop == expected:
                return
            if stop >> 8 == 0 and stop not in _OWN_STOPS:
                task.early_signals.append(stop)
            kernel.resume(task.tid, to_syscall_exit=expected == kernel.SYSCALL_STOP)


def _with_vector(
    memory_map: tuple[int, ...], space: AddressSpace, vector: bytes
) -> tuple[int, ...]:
    """A struct prctl_mm_map that makes /proc/self/auxv say what lies on the stack, too."""
    if not memory_map[0] or not 0 < len(vector) <= _VECTOR_MAX:
        return memory_map
    place = space.slot_address(0) + _VECTOR
    space.memory.write(place, vector)
    return (*memory_map[:11], place, memory_map[12] | len(vector))
