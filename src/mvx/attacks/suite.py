"""Which attacks there are, what each needs to be the same in all variants, and why some are missed.

An attack *needs* the diversifications (diversity.py) named with it to be off: each of them makes
something differ that the attacker would have to know twice. `OTHER_FILES` stands for variants that
are other files (`mvx cc`, `--variant`). One that needs nothing does the same in every variant, and
`why` says what that is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from mvx.attacks import exploits, matrix
from mvx.attacks.victim import Victim

OTHER_FILES: Final = "other-files"


class Attack(NamedTuple):
    """One attack: the victim, how it is compiled, what the attacker does, what shows the effect."""

    name: str
    meaning: str
    source: str
    exploit: Callable[[Victim], None]
    worked: Callable[[Victim], bool]
    needs: frozenset[str]
    why: str = ""
    flags: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()
    other_flags: tuple[str, ...] = ()
    """With which the same compiler makes the other file; without, `mvx cc` makes it."""
    is_escape: bool = False
    """It tries to pass the monitor by: where the variants do not differ, what they all do through
    the monitor happens once, and that is no effect of the attack.
    """

    @property
    def is_leak(self) -> bool:
        """Whether the effect is what comes back, not what the victim does."""
        return self.worked not in (exploits.made_marker, matrix.made_marker, exploits.wrote_line)

    @property
    def is_stopped_by_default(self) -> bool:
        """Whether the default set is promised to stop it."""
        from mvx.diversity import DEFAULT

        return bool(self.needs & set(DEFAULT)) or self.is_escape


_UNPROTECTED: Final = ("-fno-stack-protector",)
_NO_DIFFERENCE: Final = "the same bytes mean the same in every variant"
_RELATIVE: Final = "distances inside one object are the program's, and the same in every variant"


def _attack(
    name: str,
    meaning: str,
    source: str,
    exploit: Callable[[Victim], None],
    worked: Callable[[Victim], bool],
    *needs: str,
    why: str = "",
    flags: tuple[str, ...] = (),
    arguments: tuple[str, ...] = (),
    other_flags: tuple[str, ...] = (),
) -> Attack:
    return Attack(
        name,
        meaning,
        source,
        exploit,
        worked,
        frozenset(needs),
        why,
        flags,
        arguments,
        other_flags,
    )


_KIT: Final = (
    _attack(
        "T1-return-to-function",
        "stack overflow, return address: a function of the program",
        "stack_overflow",
        exploits.return_to_function,
        exploits.made_marker,
        *("layout", OTHER_FILES),
        flags=_UNPROTECTED,
    ),
    _attack(
        "T1-return-to-library",
        "stack overflow, chain into system() of the C library",
        "stack_overflow",
        exploits.return_to_library,
        exploits.made_marker,
        *("layout", OTHER_FILES),
        flags=_UNPROTECTED,
    ),
    _attack(
        "T1-code-on-the-stack",
        "stack overflow, code in the overflowing bytes",
        "stack_overflow",
        exploits.inject_code_on_stack,
        exploits.made_marker,
        *("stack", OTHER_FILES),
        flags=(*_UNPROTECTED, "-zexecstack"),
    ),
    _attack(
        "T1-code-in-mapped-memory",
        "code written over generated code at a known address",
        "mapped_memory",
        exploits.replace_generated_code,
        exploits.made_marker,
        *("layout", OTHER_FILES),
    ),
    _attack(
        "T1-program-at-fixed-addresses",
        "stack overflow in a program that is not position independent",
        "stack_overflow",
        exploits.return_to_function,
        exploits.made_marker,
        OTHER_FILES,
        why="the program is linked to its addresses: nothing can move it",
        flags=(*_UNPROTECTED, "-no-pie"),
    ),
    _attack(
        "T2-low-bytes-of-a-pointer",
        "the two low bytes of a function pointer overwritten",
        "pointer_overflow",
        exploits.low_bytes,
        exploits.made_marker,
        OTHER_FILES,
        why="the low bytes of code addresses are common (decision 0001)",
    ),
    _attack(
        "T2-low-half-of-a-pointer",
        "the four low bytes of a function pointer overwritten",
        "pointer_overflow",
        exploits.low_half,
        exploits.made_marker,
        OTHER_FILES,
        why="the low 33 bits of code addresses are common (decision 0001)",
    ),
    _attack(
        "T3-over-read",
        "over-read of the heap, with function pointers on the way",
        "over_read",
        exploits.over_read,
        exploits.leaked_secret,
        *("layout", "heap", "fill", OTHER_FILES),
    ),
    _attack(
        "T3-over-read-without-code-pointers",
        "over-read of the heap, with data and heap addresses on the way",
        "over_read",
        exploits.over_read,
        exploits.leaked_secret,
        *("heap", "fill"),
        why="heap addresses are common, so nothing that is read differs (decision 0001)",
        arguments=("without-code-pointers",),
    ),
    _attack(
        "T4-uninitialised-memory",
        "an answer with stack bytes that were never set",
        "uninitialised",
        exploits.ask,
        exploits.leaked_code_address,
        *("layout", "stack", OTHER_FILES),
    ),
    _attack(
        "T5-format-string",
        "%p from a format of the attacker's",
        "format_string",
        exploits.format_pointers,
        exploits.printed_code_address,
        *("layout", "stack", "canary", OTHER_FILES),
        flags=("-Wno-format-security",),
    ),
    _attack(
        "T6-use-after-free",
        "a freed object used again, filled by the attacker",
        "use_after_free",
        exploits.use_after_free,
        exploits.made_marker,
        *("layout", "heap", OTHER_FILES),
    ),
    _attack(
        "T7-brute-force",
        "canary and return address guessed byte by byte, a child per guess",
        "forking_server",
        exploits.brute_force,
        exploits.made_marker,
        *("layout", "stack", "canary", OTHER_FILES),
        flags=("-fstack-protector-all",),
    ),
    _attack(
        "T8-flag-beside-a-buffer",
        "overflow into a flag in the same structure",
        "pointer_overflow",
        exploits.set_flag,
        exploits.made_marker,
        why=_RELATIVE,
    ),
    _attack(
        "T8-flag-in-another-variable",
        "overflow into a flag in the next variable",
        "neighbours",
        exploits.set_neighbour,
        exploits.made_marker,
        OTHER_FILES,
        why="variables of one build lie in one order",
    ),
    _attack(
        "T8-flag-in-mapped-memory",
        "a flag in mapped memory, by its address",
        "mapped_memory",
        exploits.set_mapped_flag,
        exploits.made_marker,
        why="anonymous mappings lie at common addresses (decision 0001)",
    ),
    _attack(
        "T8-command-injection",
        "a name becomes part of a command line",
        "command_injection",
        exploits.inject_command,
        exploits.made_marker,
        why=_NO_DIFFERENCE,
    ),
    _attack(
        "T9-fault-of-one-release",
        "a check that overflows, right in the other release",
        "versions",
        exploits.wrap_around,
        exploits.leaked_secret,
        OTHER_FILES,
        why="all variants have the fault: it takes one without it",
        other_flags=("-DPATCHED",),
    ),
)

_ESCAPES: Final = {
    "own-page": "a system call instruction in a page of the attacker's",
    "dispatch-off": "syscall user dispatch switched off first",
    "int80": "the entry of i386",
    "own-handler": "from a handler for SIGSYS",
    "vfork-child": "by a child that shares everything",
    "clone-without-handlers": "by a task that shares memory only",
    "forged-frame": "by a signal frame that never was",
    "io-uring": "by a ring that the kernel reads",
    "memory-file": "by code written through /proc/self/mem",
    "foreign-write": "by process_vm_writev into processes nearby",
    "over-foreign-code": "from a page mapped over the monitor's code",
    "tracing": "after tracing itself from a child",
}

_COVERT: Final = _attack(
    "T11-covert-channel",
    "the leader's address sent to all variants by the time that things take",
    "covert",
    exploits.go,
    exploits.wrote_own_address,
    why="all variants see the leader's clock: side channels are not closed",
)

ATTACKS: Final = (
    *_KIT,
    *(
        Attack(
            f"T10-{way}",
            f"a call past the monitor: {meaning}",
            "escape",
            exploits.go,
            exploits.wrote_line,
            frozenset({"layout"}),
            arguments=(way,),
            is_escape=True,
        )
        for way, meaning in _ESCAPES.items()
    ),
    _COVERT,
    *(
        Attack(
            f"T13-{cell.name}",
            cell.meaning,
            "matrix",
            cell.attack,
            matrix.made_marker,
            cell.needs,
            flags=matrix.FLAGS,
            arguments=(cell.location, cell.target),
        )
        for cell in matrix.cells()
    ),
)
"""All, in the order of the table."""
