"""The call stack of a stopped task, from the unwind information that every x86-64 program carries.

The facts this rests on:

- The psABI asks for .eh_frame in every object. PT_GNU_EH_FRAME leads to .eh_frame_hdr, a table of
  (function, description) sorted for binary search (LSB core, "exception frames"): one frame costs
  some twenty small reads, whatever the size of the library.
- A description (FDE, with its common part CIE) says for each instruction of a function where the
  caller's stack pointer (CFA) and saved registers are (DWARF 5, 6.4). A return address that is
  "undefined" marks the outermost frame.
- The kernel enters a signal handler with the return address of a small function that calls
  rt_sigreturn, and struct ucontext at the stack pointer there (arch/x86/kernel/signal_64.c). Its
  bytes are how debuggers know it, since not every libc describes it.
- A return address follows a call, and may be the first byte of the next function: the byte before
  it is looked up, except where a signal interrupted.

The stack may be an attacker's work. So: every read may fail, each frame must lie above the one
before (or it could go round for ever), a return address must be executable, there are at most
`FRAMES_LIMIT` frames, and nothing raises. What the unwind information did not give, or does not
look like a return address, is kept but marked as unreliable, with the reason.
"""

import operator
import struct
from bisect import bisect_right
from collections.abc import Callable, Mapping
from io import BytesIO
from typing import Any

from mvx.divergence import Frame
from mvx.symbols import PT_GNU_EH_FRAME, Image, Memory, Modules

FRAMES_LIMIT = 64
DESCRIPTIONS_LIMIT_BYTES = 1 << 15  # of one walk; 64 frames of real programs need some 6 KiB
STEPS_LIMIT = 256  # operations of one DWARF expression
FRAME_LIMIT_BYTES = 1 << 20  # of one frame found by its frame pointer
MASK = (1 << 64) - 1

# DWARF's numbers of the registers (psABI, figure 3.36), by the names ptrace uses.
NAMES = ["rax", "rdx", "rcx", "rbx", "rsi", "rdi", "rbp", "rsp"]
NAMES += ["r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "rip"]
RBP, RSP, RIP = 6, 7, 16
# The registers as struct ucontext holds them from byte 40 on (asm/sigcontext.h).
SIGNAL_CONTEXT = (40, (8, 9, 10, 11, 12, 13, 14, 15, 5, 4, 6, 3, 1, 0, 2, RSP, RIP))
# mov $15, %rax in two encodings; a syscall instruction follows, or the jump patched over it.
RESTORERS = (b"\x48\xc7\xc0\x0f\x00\x00\x00", b"\xb8\x0f\x00\x00\x00")
SYSCALL_OR_JUMP = (b"\x0f\x05", b"\xe9", b"\xeb")
DW_CFA_GNU_ARGS_SIZE = 0x2E

Registers = dict[int, int]


class UnusableError(Exception):
    """The stack or its unwind information makes no sense here; the text says what."""


class Trace(list[int]):
    """Addresses, innermost first: the instruction pointer, then return addresses.

    `exact` holds the positions that are interrupted instructions, not return addresses. The first
    `reliable` entries come from unwind information and look right; `doubt` says why the next does
    not. `end` says why the trace ends.
    """

    def __init__(self) -> None:
        """Start empty, in good faith."""
        super().__init__()
        self.exact: set[int] = {0}
        self.doubt = ""
        self.end = ""
        self._doubted = FRAMES_LIMIT

    @property
    def reliable(self) -> int:
        """The number of entries that can be trusted."""
        return min(self._doubted, len(self))

    def doubt_from(self, position: int, reason: str) -> None:
        """Mark this and all later entries as unreliable; the first reason stays."""
        if position < self._doubted:
            self._doubted, self.doubt = position, reason


def unwind(memory: Memory, registers: Mapping[str, int], modules: Modules) -> Trace:
    """Return the stack of a stopped task, at most `FRAMES_LIMIT` addresses.

    `memory(address, size)` reads the task's memory and may raise or return less; `registers` holds
    the task's registers by ptrace's names (rip, rsp and rbp at least). Never raises.
    """
    trace = Trace()
    try:
        _Walk(memory, modules, trace).run(registers)
    except UnusableError as error:
        trace.end = str(error)
    except KeyError as error:
        trace.end = f"a register is not known: {error}"
    except Exception as error:  # noqa: BLE001  # hostile input; the report must be written anyway
        trace.end = f"{type(error).__name__}: {error}"
    return trace


def stack(
    memory: Memory, registers: Mapping[str, int], modules: Modules
) -> tuple[tuple[Frame, ...], str]:
    """Unwind and name the frames; also return, as text, the doubt (if any) and why it ends."""
    trace = unwind(memory, registers, modules)
    frames = tuple(
        modules.frame(address, exact=at in trace.exact, reliable=at < trace.reliable)
        for at, address in enumerate(trace)
    )
    return frames, "; ".join(filter(None, (trace.doubt, trace.end)))


class _Walk:
    """One walk up one stack."""

    def __init__(self, memory: Memory, modules: Modules, trace: Trace) -> None:
        self.memory, self.modules, self.trace = memory, modules, trace
        self.rows: dict[tuple[int, int], dict[Any, Any]] = {}
        self.limit = DESCRIPTIONS_LIMIT_BYTES

    def run(self, registers: Mapping[str, int]) -> None:
        """Fill the trace; raises UnusableError with the reason why it ends."""
        here = {at: registers[name] & MASK for at, name in enumerate(NAMES) if name in registers}
        while len(self.trace) < FRAMES_LIMIT:
            position = len(self.trace)
            self.trace.append(here[RIP])
            if position and not self.modules.executable(here[RIP]):
                self.trace.doubt_from(position, f"{here[RIP]:#x} is not code")
                raise UnusableError("a return address that is not code")
            caller = self._signal_frame(here)
            if caller is not None:
                self.trace.exact |= {position, position + 1}
            else:
                if position not in self.trace.exact and not self._follows_call(here[RIP]):
                    self.trace.doubt_from(position, f"{here[RIP]:#x} does not follow a call")
                caller = self._caller(here, position)
                if caller[RSP] <= here[RSP] and position + 1 not in self.trace.exact:
                    raise UnusableError("the stack pointer does not rise")
            here = caller
        self.trace.end = f"more than {FRAMES_LIMIT} frames"

    def _caller(self, here: Registers, position: int) -> Registers:
        """Step by unwind information, or else by the best guess there is."""
        try:
            row = self._row(here[RIP] - (position not in self.trace.exact))
            reason = f"no unwind information at {here[RIP]:#x}"
        except Exception as error:  # noqa: BLE001  # the ELF file may be hostile
            row, reason = None, f"bad unwind information at {here[RIP]:#x}: {error}"
        if row is not None:
            if row["signal"]:
                self.trace.exact.add(position + 1)
            return self._apply(row, here)
        self.trace.doubt_from(position + 1, reason)
        if position == 0 and not self.modules.executable(here[RIP]):
            # A jump or return to where no code is: if it was a call, its return address is on top.
            target = self._word(here[RSP])
            if self.modules.executable(target) and self._follows_call(target):
                return here | {RIP: target, RSP: here[RSP] + 8}
            raise UnusableError("the instruction pointer is not in code")
        return self._by_frame_pointer(here)

    def _by_frame_pointer(self, here: Registers) -> Registers:
        base = here.get(RBP, 0)
        if base % 8 or not here[RSP] <= base < here[RSP] + FRAME_LIMIT_BYTES:
            raise UnusableError("no unwind information, and no frame pointer")
        target = self._word(base + 8)
        if not self.modules.executable(target):
            raise UnusableError("no unwind information, and no frame pointer")
        return here | {RBP: self._word(base), RIP: target, RSP: base + 16}

    def _word(self, address: int, size: int = 8) -> int:
        data = b""
        if 0 <= address <= MASK - size:
            try:
                data = self.memory(address, size)
            except (OSError, ValueError, OverflowError):
                data = b""
        if len(data) != size:
            raise UnusableError(f"{address:#x} cannot be read")
        return int.from_bytes(data, "little")

    def _bytes(self, address: int, size: int) -> bytes:
        try:
            return self._word(address, size).to_bytes(size, "little")
        except UnusableError:
            return b""

    def _follows_call(self, address: int) -> bool:
        """Say whether a call instruction ends here (call rel32, or call r/m64 of 2 to 7 bytes)."""
        code = self._bytes(address - 7, 7)
        if not code:
            return True  # it cannot be read: no reason to doubt
        indirect = (code[at : at + 2] for at in range(6))
        return code[2] == 0xE8 or any(op[0] == 0xFF and op[1] & 0x38 == 0x10 for op in indirect)

    def _signal_frame(self, here: Registers) -> Registers | None:
        """Return the registers a signal interrupted, if this is the function that restores them."""
        for restorer in RESTORERS:
            for passed in (0, len(restorer), len(restorer) + 2):
                code = self._bytes(here[RIP] - passed, len(restorer) + 2)
                if code.startswith(restorer) and code[len(restorer) :].startswith(SYSCALL_OR_JUMP):
                    start, order = SIGNAL_CONTEXT
                    at = here[RSP] + start
                    return {number: self._word(at + 8 * i) for i, number in enumerate(order)}
        return None

    def _row(self, address: int) -> dict[Any, Any] | None:
        """Return what the unwind information says about the instruction at an address."""
        module = self.modules.module(address)
        if module is None or module.image is None:
            return None
        linked = (address - module.bias) & MASK
        key = id(module.image), linked
        if key not in self.rows:
            start = _description(module.image, linked)
            if start is None:
                return None
            common, own = _entries(module.image, start, self.limit)
            self.limit -= len(common) + len(own)
            row = _decode(common, own, start, linked)
            if row is None:
                return None
            self.rows[key] = row
        return self.rows[key]

    def _apply(self, row: dict[Any, Any], here: Registers) -> Registers:
        """Return the caller's registers."""
        rule = row["cfa"]
        if rule.expr is not None:
            frame = self._evaluate(bytes(rule.expr), here, [])
        else:
            frame = here[rule.reg] + rule.offset & MASK
        caller = here | {RSP: frame}
        if RIP not in row or row[RIP].type == "UNDEFINED":
            raise UnusableError("outermost frame")
        for number, found in row.items():
            if not isinstance(number, int) or number > RIP or found.type == "SAME_VALUE":
                continue
            if found.type == "UNDEFINED":
                caller.pop(number, None)
            elif found.type == "REGISTER":
                caller[number] = here[found.arg]
            elif found.type in ("OFFSET", "VAL_OFFSET"):
                value = frame + found.arg & MASK
                caller[number] = self._word(value) if found.type == "OFFSET" else value
            else:
                value = self._evaluate(bytes(found.arg), here, [frame])
                caller[number] = self._word(value) if found.type == "EXPRESSION" else value
        return caller

    def _evaluate(self, expression: bytes, here: Registers, values: list[int]) -> int:
        """Run a DWARF expression (DWARF 5, 2.5) on a stack of values; the top is its result."""
        at = steps = 0

        def leb(*, signed: bool) -> int:
            nonlocal at
            value = shift = 0
            while True:
                byte = expression[at]
                at, value, shift = at + 1, value | (byte & 0x7F) << shift, shift + 7
                if byte < 0x80:
                    return value - (1 << shift) if signed and byte & 0x40 else value

        while at < len(expression):
            code, at, steps = expression[at], at + 1, steps + 1
            if steps > STEPS_LIMIT:
                raise UnusableError("an expression that does not end")
            if 0x30 <= code <= 0x4F:  # lit0 to lit31
                values.append(code - 0x30)
            elif 0x70 <= code <= 0x80:  # breg0 to breg16
                values.append(here[code - 0x70] + leb(signed=True) & MASK)
            elif code in FIXED:
                (value,) = struct.unpack_from(FIXED[code], expression, at)
                at += struct.calcsize(FIXED[code])
                if code in (0x28, 0x2F):  # bra, skip
                    at += value if code == 0x2F or values.pop() else 0
                else:
                    values.append(value & MASK)
            elif code in (0x10, 0x11):  # constu, consts
                values.append(leb(signed=code == 0x11) & MASK)
            elif code == 0x23:  # plus_uconst
                values.append(values.pop() + leb(signed=False) & MASK)
            elif code == 0x06:  # deref
                values.append(self._word(values.pop()))
            elif code in MOVES:
                count, move = MOVES[code]
                values[-count:] = move(values[-count:])
            elif code in BINARY:
                right, left = values.pop(), values.pop()
                values.append(int(BINARY[code](left, right)) & MASK)
            else:
                raise UnusableError(f"operation {code:#x} in an expression")
        return values[-1]


def _signed(value: int) -> int:
    return value - (1 << 64) if value >> 63 else value


def _comparison(compare: Callable[[int, int], bool]) -> Callable[[int, int], bool]:
    return lambda left, right: compare(_signed(left), _signed(right))


# Operations of DWARF expressions: with a fixed operand, on the top of the stack, on two values.
FIXED = {0x03: "<Q", 0x28: "<h", 0x2F: "<h"}
FIXED |= {0x08 + at: "<" + form for at, form in enumerate("BbHhIiQq")}
MOVES: dict[int, tuple[int, Callable[[list[int]], list[int]]]] = {
    0x12: (1, lambda top: top * 2),  # dup
    0x13: (1, lambda _: []),  # drop
    0x14: (2, lambda top: [*top, top[0]]),  # over
    0x16: (2, lambda top: top[::-1]),  # swap
    0x1F: (1, lambda top: [-top[0] & MASK]),  # neg
    0x20: (1, lambda top: [~top[0] & MASK]),  # not
    0x96: (1, lambda top: top),  # nop
}
BINARY: dict[int, Callable[[int, int], int]] = {
    0x1A: operator.and_,
    0x1C: operator.sub,
    0x1E: operator.mul,
    0x21: operator.or_,
    0x22: operator.add,
    0x24: lambda left, right: left << min(right, 64),
    0x25: lambda left, right: left >> min(right, 64),
    0x26: lambda left, right: _signed(left) >> min(right, 64),
    0x27: operator.xor,
    0x29: operator.eq,
    0x2A: _comparison(operator.ge),
    0x2B: _comparison(operator.gt),
    0x2C: _comparison(operator.le),
    0x2D: _comparison(operator.lt),
    0x2E: operator.ne,
}


def _description(image: Image, address: int) -> int | None:
    """Return where the description (FDE) of the function around a linked address may be."""
    segment = image.segment(PT_GNU_EH_FRAME)
    if segment is None:
        at = bisect_right(image.descriptions, (address, MASK)) - 1
        return image.descriptions[at][1] if at >= 0 else None
    header = image.at(segment.start, 12)
    # Version 1, relative pointer, 4-byte count, pairs of 4 bytes relative to the header: what the
    # linkers write.
    if header[:4] != b"\x01\x1b\x03\x3b":
        raise UnusableError("unknown .eh_frame_hdr")
    low, high = 0, int.from_bytes(header[8:], "little")
    found = None
    while low < high:
        middle = (low + high) // 2
        start, description = struct.unpack("<ii", image.at(segment.start + 12 + 8 * middle, 8))
        if start + segment.start <= address:
            low, found = middle + 1, description + segment.start
        else:
            high = middle
    return found


def _entries(image: Image, start: int, limit: int) -> tuple[bytes, bytes]:
    """Return the FDE at an address, after its CIE, with their lengths."""

    def entry(address: int) -> bytes:
        size = int.from_bytes(image.at(address, 4), "little")
        data = image.at(address, size + 4) if 8 <= size <= limit // 2 else b""
        if len(data) < 12:
            raise UnusableError(f"a description of {size} bytes")
        return data

    own = entry(start)
    return entry(start + 4 - int.from_bytes(own[4:8], "little")), own


def _decode(common: bytes, own: bytes, start: int, address: int) -> dict[Any, Any] | None:
    """Decode an FDE, which lies at `start`, for one instruction; None if its function ends before.

    Only it and its CIE are given to pyelftools, as a section of these two that ends at its end.
    """
    from elftools.dwarf.callframe import CallFrameInfo
    from elftools.dwarf.structs import DWARFStructs

    section = common + own[:4] + (len(common) + 4).to_bytes(4, "little") + own[8:]
    structs = DWARFStructs(little_endian=True, dwarf_format=32, address_size=8)
    entries: Any = CallFrameInfo(
        BytesIO(section), len(section), start - len(common), structs, for_eh_frame=True
    ).get_entries()
    cie, fde = entries
    first = fde["initial_location"] & MASK
    if not first <= address < first + fde["address_range"]:
        return None
    fde.instructions = [
        item
        for item in fde.instructions
        if getattr(item.opcode, "value", item.opcode) != DW_CFA_GNU_ARGS_SIZE
    ]
    rows: list[dict[Any, Any]] = fde.get_decoded().table
    found = [row for row in rows if row["pc"] & MASK <= address]
    return found[-1] | {"signal": b"S" in cie["augmentation"]} if found else None
