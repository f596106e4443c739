"""Which tasks may read the processor's time stamp counter.

The kernel can let rdtsc and rdtscp fault in a task (``PR_SET_TSC``, prctl(2)). But at each switch
between a task that can read the counter and one that cannot it writes CR4 (__switch_to_xtra in
arch/x86/kernel/process.c), which a virtual machine's host has to see: 6 us of the 12 that a switch
took where that was measured. So a process may read the counter as long as no instruction that does
is left in its code: they are found in the files that it maps (stamps.py), and each is patched or
made to fault by itself (sites.py). Once it has other code, such as it makes itself, the counter is
taken from it until it executes the next program.

Other threads of a process lose the counter at the end of their next call.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mvx import vdso
from mvx.layout import DUTIES
from mvx.remote import Remote

if TYPE_CHECKING:
    from mvx.code import CodeFile
    from mvx.monitor import Monitor
    from mvx.newimage import Mapping
    from mvx.tasks import AddressSpace, Task

_PRCTL: Final = 157
_PR_SET_TSC: Final = 26
_PR_TSC_SIGSEGV: Final = 2
TRAP_COUNTER: Final = 1 << list(DUTIES).index("TRAP_COUNTER")


class TimeStamps:
    """Gives and takes the right to read the counter."""

    def __init__(self, monitor: Monitor) -> None:
        """Works on the monitor's tasks."""
        self._monitor = monitor
        self._way = monitor.options.rdtsc

    def may_read(self, started: list[tuple[Mapping, CodeFile | None]]) -> bool:
        """Whether a task that executes a program may read the counter; `started`: the program's
        code and the loader's.
        """
        if self._way == "auto":
            return self._monitor.sites.have_all_stamps(started)
        return self._way == "known"

    def must_trap(self, space: AddressSpace, file: tuple[CodeFile, int] | None, size: int) -> bool:
        """Whether code that appears in a process takes the counter from it: a private mapping of so
        many bytes of a file, at that offset, or something else.
        """
        if not space.reads_counter or self._way == "known":
            return False
        return file is None or not file[0].has_all_stamps(file[1], size)

    def trap(self, task: Task) -> None:
        """Take the counter from a process; the task is stopped, at a call's exit."""
        space = task.space
        assert space is not None
        space.reads_counter, space.lost_counter = False, True
        for other in self._monitor.tasks.values():
            if other.space is space:
                self._monitor.write_word(other, "clock", 0)
                if other is not task:
                    self._monitor.write_field(other, "duties", self._monitor.duties(space))
        self._set(task, in_call=False)

    def clock(self, space: AddressSpace) -> int:
        """The address of the vDSO's function by which tasks may read clocks, 0 if they may not.

        It reads the counter, and where every call is verified it makes none.
        """
        may_call = space.vdso and space.reads_counter and self._monitor.options.verify != "all"
        return space.vdso + vdso.clock_offset() if may_call and vdso.clock_offset() else 0

    def asked(self, task: Task) -> None:
        """An agent asks for what its task was told; it is stopped at the control gate."""
        assert task.space is not None
        duties = self._monitor.duties(task.space) & ~TRAP_COUNTER
        self._monitor.write_field(task, "duties", duties)
        self._set(task, in_call=True)

    def _set(self, task: Task, *, in_call: bool) -> None:
        remote = Remote(task, self._monitor.control_call(task.variant), in_call=in_call)
        remote.call(_PRCTL, _PR_SET_TSC, _PR_TSC_SIGSEGV)
        remote.finish(remote.registers)
