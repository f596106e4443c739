"""Instructions that would tell variants apart: rdtsc, rdtscp, cpuid.

rdtsc and rdtscp fault: all of them, or each where it is known (timestamps.py). ``ARCH_SET_CPUID``
makes cpuid fault where the machine can; exec switches that off, so it is armed again at every
injection (tried on Linux 6.18). A trapped rdtsc goes through the agent like a call: every variant
gets the leader's value. cpuid answers from the machine, once per leaf, without RDRAND, RDSEED and
TSX, which nobody could replicate.
"""

from __future__ import annotations

import ctypes
import mmap
from typing import Final

from mvx import entry, kernel, shield, tactics
from mvx.kernel import Registers
from mvx.monitor import Monitor
from mvx.randomness import HLT, Numbers
from mvx.tactics import RDTSC, RDTSCP, Kind
from mvx.tasks import Task

_CPUID: Final = b"\x0f\xa2"
_COUNTERS: Final = (RDTSC, RDTSCP)
_CODE: Final = bytes.fromhex("53 89f8 89f1 4989d0 0fa2 418900 41895804 41894808 4189500c 5b c3")
"""push rbx; eax = edi, ecx = esi, r8 = rdx; cpuid; store eax, ebx, ecx, edx at [r8]; pop rbx; ret.
"""
_RDRAND: Final = 1 << 30
_RDSEED_HLE_RTM: Final = 1 << 18 | 1 << 4 | 1 << 11
_APIC_SHIFT: Final = 24


class Instructions:
    """Emulates what faults on purpose."""

    def __init__(self, monitor: Monitor) -> None:
        """Works on the monitor's tasks."""
        self._monitor = monitor
        self._leaves: dict[tuple[int, int], tuple[int, int, int, int]] = {}
        self._emulated = dict.fromkeys(("rdtsc", "rdtscp", "cpuid", "rdrand"), 0)
        self._numbers = Numbers()
        monitor.statistics.add("instructions", self)

    def emulate(self, task: Task, current: Registers) -> bool:
        """Emulate the instruction of a SIGSEGV stop; False when it is an ordinary fault."""
        assert task.space is not None
        try:
            code = task.space.memory.read(current.rip, 3)
        except OSError:
            return False
        sites, space = self._monitor.sites, task.space
        kind = tactics.kind_at(code, 0)
        random = None
        if code.startswith(HLT):
            if entry.reached(task, current):
                shield.restore(self._monitor, task)
                kernel.resume(task.tid)
                return True
            kind = sites.stamp_at(space, current.rip)
            random = sites.random_at(space, current.rip)
        if random is not None:
            shield.restore(self._monitor, task)
            self._emulated["rdrand"] += 1
            self._numbers.give(task, current, random)
            kernel.go_on(task.tid, current)
        elif kind in _COUNTERS:
            shield.restore(self._monitor, task)
            self._emulated[kind.name] += 1
            self._read_counter(task, current, kind)
        elif code.startswith(_CPUID):
            shield.restore(self._monitor, task)
            self._emulated["cpuid"] += 1
            self._identify(task, current)
        else:
            return False
        return True

    def statistics(self) -> dict[str, object]:
        """How often each instruction was emulated, in all variants together."""
        return dict(self._emulated)

    def summary(self) -> list[str]:
        """The same as text."""
        told = ", ".join(f"{count} {name}" for name, count in self._emulated.items() if count)
        return [f"emulated instructions: {told}"] if told else []

    def _read_counter(self, task: Task, current: Registers, kind: Kind) -> None:
        self._monitor.sites.trapped(task, current, kind)
        self._monitor.send_to_agent(task, current, kind.name.upper(), len(kind.code))
        kernel.resume(task.tid)

    def _identify(self, task: Task, current: Registers) -> None:
        leaf, subleaf = current.rax & 0xFFFFFFFF, current.rcx & 0xFFFFFFFF
        values = self._leaves.get((leaf, subleaf))
        if values is None:
            values = self._leaves[leaf, subleaf] = _filtered(leaf, subleaf)
        current.rax, current.rbx, current.rcx, current.rdx = values
        current.rip += 2
        kernel.go_on(task.tid, current)


def _filtered(leaf: int, subleaf: int) -> tuple[int, int, int, int]:
    eax, ebx, ecx, edx = identify(leaf, subleaf)
    if leaf == 1:
        ebx &= (1 << _APIC_SHIFT) - 1
        ecx &= ~_RDRAND
    elif leaf == 7 and subleaf == 0:
        ebx &= ~_RDSEED_HLE_RTM
    elif leaf in (0xB, 0x1F):
        edx = 0
    return eax, ebx, ecx, edx


_machine_code: mmap.mmap | None = None


def identify(leaf: int, subleaf: int) -> tuple[int, int, int, int]:
    """The machine's own cpuid: eax, ebx, ecx, edx."""
    global _machine_code  # noqa: PLW0603 - the page must stay mapped
    if _machine_code is None:
        _machine_code = mmap.mmap(
            -1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC
        )
        _machine_code.write(_CODE)
    address = ctypes.addressof(ctypes.c_char.from_buffer(_machine_code))
    result = (ctypes.c_uint32 * 4)()
    function = ctypes.CFUNCTYPE(None, ctypes.c_uint32, ctypes.c_uint32, ctypes.c_void_p)(address)
    function(leaf, subleaf, ctypes.addressof(result))
    return result[0], result[1], result[2], result[3]
