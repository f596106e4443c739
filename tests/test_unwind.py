"""Stacks of real stopped processes, of hostile ones, and of nonsense."""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import subprocess
import sys
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mvx.symbols import Area, Image, Modules, areas
from mvx.unwind import FRAMES_LIMIT, Trace, stack, unwind

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterator

    from mvx.divergence import Frame
    from mvx.symbols import Memory

GCC = shutil.which("gcc")
pytestmark = pytest.mark.skipif(GCC is None, reason="the programs under test need gcc")

PTRACE_CONT, PTRACE_SINGLESTEP, PTRACE_GETREGS, PTRACE_ATTACH, PTRACE_DETACH = 7, 9, 12, 16, 17
WALL = 0x40000000  # __WALL
# struct user_regs_struct
REGISTERS = (
    *("r15", "r14", "r13", "r12", "rbp", "rbx", "r11", "r10", "r9", "r8", "rax", "rcx", "rdx"),
    *("rsi", "rdi", "orig_rax", "rip", "cs", "eflags", "rsp", "ss", "fs_base", "gs_base"),
    *("ds", "es", "fs", "gs"),
)
libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.restype = ctypes.c_long
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]

# Every program tells by a byte on its standard output that it is where it should be stopped.
# `act` is the innermost of a chain of functions that no optimisation may join.
CHAIN = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#define OWN __attribute__((noinline, noclone))
volatile int zero, one = 1;
void ready(void) { if (write(1, "r", 1) != 1) _exit(1); }
OWN int act(int n);
OWN int inner(int n) { return act(n + zero) + one; }
OWN int middle(int n) { char room[100]; memset(room, n, 100); return inner(n + room[one]) + one; }
OWN int outer(int n) { return middle(n + zero) + one; }
int main(void) { return outer(zero) + one; }
"""
CALLERS = ["inner", "middle", "outer", "main"]


class Stopped:
    """A process that this test stopped with ptrace."""

    def __init__(self, pid: int, child: subprocess.Popen[bytes]) -> None:
        self.pid, self.child = pid, child
        self.memory_file = os.open(f"/proc/{pid}/mem", os.O_RDONLY)

    def memory(self, address: int, size: int) -> bytes:
        return os.pread(self.memory_file, size, address)

    def ptrace(self, request: int, data: int | None = None) -> None:
        if libc.ptrace(request, self.pid, None, data) != 0:
            raise OSError(ctypes.get_errno(), f"ptrace {request}")

    def wait(self) -> int:
        _, status = os.waitpid(self.pid, WALL)
        assert os.WIFSTOPPED(status), status
        return os.WSTOPSIG(status)

    def close(self) -> None:
        self.ptrace(PTRACE_DETACH)
        os.close(self.memory_file)

    def step(self) -> None:
        self.ptrace(PTRACE_SINGLESTEP)
        assert self.wait() == signal.SIGTRAP

    @property
    def registers(self) -> dict[str, int]:
        values = (ctypes.c_ulong * 27)()
        self.ptrace(PTRACE_GETREGS, ctypes.addressof(values))
        return dict(zip(REGISTERS, values, strict=True))

    def modules(self, *names: tuple[int, int, str]) -> Modules:
        return Modules.of_process(self.pid, memory=self.memory, names=names)

    def trace(self) -> Trace:
        return unwind(self.memory, self.registers, self.modules())

    def frames(self) -> tuple[Frame, ...]:
        return stack(self.memory, self.registers, self.modules())[0]

    def functions(self) -> list[str | None]:
        return [frame.function for frame in self.frames()]


@pytest.fixture(scope="session")
def build(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., str]:
    """Compile the chain with its innermost function."""
    place = tmp_path_factory.mktemp("programs")
    built: dict[tuple[str, ...], str] = {}

    def compile_program(act: str, *options: str) -> str:
        key = (act, *options)
        if key not in built:
            program = place / f"program{len(built)}"
            command = ["gcc", "-O2", "-w", "-xc", "-", *options, "-o", str(program)]
            subprocess.run(command, input=(CHAIN + act).encode(), check=True)
            built[key] = str(program)
        return built[key]

    return compile_program


@contextmanager
def stopped(*command: str, until_asleep: bool = True) -> Iterator[Stopped]:
    """Start a program, wait for its byte (and until it sleeps in a call), and stop it."""
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
    ) as child:
        try:
            assert child.stdout is not None
            assert child.stdout.read(1) == b"r"
            while until_asleep and Path(f"/proc/{child.pid}/syscall").read_text() == "running\n":
                os.sched_yield()
            process = Stopped(child.pid, child)
            process.ptrace(PTRACE_ATTACH)
            assert process.wait() == signal.SIGSTOP
            yield process
            os.close(process.memory_file)
        finally:
            child.kill()  # also ends the tracing


def chain(names: list[str | None], *expected: str) -> bool:
    """Say whether the expected names follow one another."""
    return any(names[at : at + len(expected)] == list(expected) for at in range(len(names)))


PAUSE = "int act(int n) { ready(); pause(); return n + one; }"


# Healthy stacks


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("-fno-omit-frame-pointer",),
        ("-no-pie", "-fno-pie"),
        ("-static",),
        ("-static-pie",),
        ("-fcf-protection=full", "-fstack-protector-all", "-fstack-clash-protection"),
    ],
    ids=lambda options: " ".join(options) or "plain",
)
def test_nested_functions(build: Callable[..., str], options: tuple[str, ...]) -> None:
    with stopped(build(PAUSE, *options)) as process:
        trace = process.trace()
        assert trace[0] == process.registers["rip"]
        assert trace.end == "outermost frame"
        assert trace.reliable == len(trace)
        frames = process.frames()
        names = [frame.function for frame in frames]
        assert names[0] in {"pause", "__libc_pause"}
        assert names[1:6] == ["act", *CALLERS]
        assert names[-1] == "_start"
        assert all(frame.reliable for frame in frames)


def test_without_symbols_the_offsets_remain(build: Callable[..., str]) -> None:
    with stopped(build(PAUSE)) as process:
        whole = process.frames()
    with stopped(build(PAUSE, "-s")) as process:
        stripped = process.frames()
    assert [frame.function for frame in stripped[1:6]] == [None] * 5
    assert [f.offset for f in stripped[1:6]] == [f.offset for f in whole[1:6]]
    assert [frame.function_offset for frame in stripped[1:6]] == [0] * 5


def test_a_call_that_never_returns_is_named_after_its_caller(build: Callable[..., str]) -> None:
    act = """
    __attribute__((noreturn)) OWN void leave(void) { ready(); for (;;) pause(); }
    int act(int n) { leave(); }
    """
    with stopped(build(act)) as process:
        assert chain(process.functions(), "leave", "act", *CALLERS)


def test_in_a_thread(build: Callable[..., str]) -> None:
    act = """
    OWN void *work(void *p) { ready(); poll(0, 0, -1); return p + one; }
    int act(int n) { pthread_t t; pthread_create(&t, 0, work, 0); pthread_join(t, 0); return one; }
    """
    with stopped(build(act, "-pthread")) as process:
        (thread,) = {int(name) for name in os.listdir(f"/proc/{process.pid}/task")} - {process.pid}
        while "running" in Path(f"/proc/{thread}/syscall").read_text():
            os.sched_yield()
        other = Stopped(thread, process.child)
        other.ptrace(PTRACE_ATTACH)
        other.wait()
        with closing(other):  # a traced thread keeps its dead process waiting
            assert chain(other.functions(), "poll", "work")
            assert other.trace().end == "outermost frame"


def test_python_in_poll() -> None:
    program = "import os, select; os.write(1, b'r'); select.poll().poll()"
    with stopped(sys.executable, "-c", program) as process:
        frames = process.frames()
        assert frames[0].module.endswith("libc.so.6")
        assert frames[0].function in {"poll", "__poll", "__GI___poll"}
        trace = process.trace()
        assert trace.end == "outermost frame"
        assert trace.reliable == len(trace) > 8
        assert frames[-1].module == os.path.realpath(sys.executable)


# Through signal handlers

HANDLER = """
    OWN void handle(int number) { ready(); pause(); one++; }
    OWN void install(int flags) {
        struct sigaction action = {.sa_handler = handle, .sa_flags = flags};
        stack_t stack = {.ss_sp = malloc(65536), .ss_size = 65536};
        sigaltstack(&stack, 0);
        sigaction(SIGUSR1, &action, 0);
        sigaction(SIGILL, &action, 0);
    }
"""


@pytest.mark.parametrize("flags", ["0", "SA_ONSTACK"])
@pytest.mark.parametrize("options", [(), ("-static",)], ids=["dynamic", "static"])
def test_through_a_signal_handler(
    build: Callable[..., str], flags: str, options: tuple[str, ...]
) -> None:
    act = HANDLER + f"int act(int n) {{ install({flags}); raise(SIGUSR1); return n + one; }}"
    with stopped(build(act, *options)) as process:
        names = process.functions()
        assert names[1] == "handle"
        assert chain(names, "act", *CALLERS)
        trace = process.trace()
        assert trace.end == "outermost frame"
        assert trace.reliable == len(trace)
        assert {2, 3} <= trace.exact  # the restorer, and the interrupted instruction


def test_through_a_handler_that_interrupted_a_first_instruction(build: Callable[..., str]) -> None:
    # The interrupted address is exact: the byte before it belongs to another function.
    act = (
        HANDLER
        + r"""
    asm(".type before,@function\nbefore: ret\n.size before, .-before\n"
        ".type trap,@function\ntrap: .cfi_startproc\nud2\nret\n.cfi_endproc\n.size trap, .-trap");
    int trap(void);
    int act(int n) { install(0); return trap() + one; }
    """
    )
    with stopped(build(act)) as process:
        assert chain(process.functions(), "trap", "act", *CALLERS)


def test_through_a_restorer_without_unwind_information(build: Callable[..., str]) -> None:
    act = r"""
    #include <sys/syscall.h>
    asm("restore: mov $15, %eax\nsyscall");
    void restore(void);
    OWN void handle(int number) { ready(); pause(); one++; }
    int act(int n) {
        struct { void *handler; long flags; void *restorer; long mask; } action =
            {handle, 0x04000000, restore, 0};
        syscall(SYS_rt_sigaction, SIGUSR1, &action, 0, 8);
        raise(SIGUSR1);
        return n + one;
    }
    """
    with stopped(build(act)) as process:
        assert chain(process.functions(), "act", *CALLERS)
        trace = process.trace()
        assert (trace.end, trace.reliable) == ("outermost frame", len(trace))


# Every instruction: prologues, epilogues, the PLT's expression, the vDSO


def test_at_every_instruction(build: Callable[..., str]) -> None:
    act = """
    OWN int work(int n) {
        struct timespec now;
        char c;
        ready();
        n += read(0, &c, 1);
        n += getppid();
        n += clock_gettime(CLOCK_MONOTONIC, &now);
        return n + one;
    }
    int act(int n) { n = work(n) + work(n); return n + one; }
    """
    program = build(act, "-Wl,-z,lazy", "-fcf-protection=none", "-fno-stack-protector")
    with stopped(program) as process:
        assert process.child.stdin is not None
        process.child.stdin.write(b"x")
        modules = process.modules()
        plt: set[int] = set()
        vdso: set[str | None] = set()
        for _ in range(1500):
            registers = process.registers
            if registers["rip"] not in plt:
                trace = unwind(process.memory, registers, modules)
                names = [modules.frame(at, exact=not i).function for i, at in enumerate(trace)]
                here = modules.frame(registers["rip"], exact=True)
                where = f"{here} {trace.doubt} {trace.end}"
                if names[0] not in {"main", "outer", "middle", "inner", "act", "_start"}:
                    assert chain(names, "work", "act", *CALLERS), where
                assert trace.reliable == len(trace), where
                if here.function is None and here.module == program:
                    plt.add(registers["rip"])
                if here.module == "[vdso]":
                    vdso.add(here.function)
            if chain(names, "work") and vdso and names[0] == "work":
                break
            process.step()
        assert len(plt) >= 3
        assert vdso & {"clock_gettime", "__vdso_clock_gettime"}


# Corrupted and hostile stacks


def overwrite(value: str) -> str:
    """Return a program that overwrites the return address of `inner` and stops."""
    return f"""
    asm(".globl gadget\\n.type gadget,@function\\ngadget: .cfi_startproc\\nnop\\nnop\\nret\\n"
        ".cfi_endproc\\n.size gadget, .-gadget");
    void gadget(void);
    OWN int act(int n) {{
        long *slot = (long *)__builtin_frame_address(0);
        while (*slot < (long)inner || *slot > (long)inner + 64) slot++;
        for (slot++; *slot < (long)middle || *slot > (long)middle + 256; slot++);
        *slot = (long)({value});
        ready();
        pause();
        return n + one;
    }}
    """


def test_an_overwritten_return_address_is_shown_and_ends_the_stack(
    build: Callable[..., str],
) -> None:
    with stopped(build(overwrite("0x4141414141414141"))) as process:
        trace = process.trace()
        frames = process.frames()
    assert [frame.function for frame in frames[1:3]] == ["act", "inner"]
    assert (frames[3].address, frames[3].module) == (0x4141414141414141, "[unmapped]")
    assert [frame.reliable for frame in frames] == [True, True, True, False]
    assert trace.doubt == "0x4141414141414141 is not code"
    assert trace.end == "a return address that is not code"


def test_a_gadget_is_doubted_because_no_call_is_before_it(build: Callable[..., str]) -> None:
    with stopped(build(overwrite("gadget + 1"))) as process:
        trace = process.trace()
        frames = process.frames()
    assert frames[3].function == "gadget"
    assert trace.reliable == 3
    assert trace.doubt == f"{trace[3]:#x} does not follow a call"


def test_a_call_to_nowhere(build: Callable[..., str]) -> None:
    act = "int act(int n) { ready(); read(0, &n, 1); return ((int (*)(int))0x1000)(n) + one; }"
    with stopped(build(act)) as process:
        assert process.child.stdin is not None
        process.child.stdin.write(b"x")
        process.ptrace(PTRACE_CONT)
        assert process.wait() == signal.SIGSEGV
        assert process.registers["rip"] == 0x1000
        assert process.functions()[:6] == [None, "act", *CALLERS]
        assert process.trace().reliable == 1


def test_a_stack_pointer_to_nowhere(build: Callable[..., str]) -> None:
    with stopped(build(PAUSE)) as process:
        modules = process.modules()
        for value in (0, 8, 2**63, 2**64 - 8, 2**64 - 1):
            trace = unwind(process.memory, process.registers | {"rsp": value}, modules)
            assert list(trace) == [process.registers["rip"]]
            assert "cannot be read" in trace.end
        assert list(unwind(process.memory, {"rip": 2**63, "rsp": 2**63}, modules)) == [2**63]
        assert not unwind(process.memory, {}, modules)


def test_frame_pointers_that_never_end_are_cut_off() -> None:
    def memory(address: int, size: int) -> bytes:
        if address < 0x10000:
            return b"\xe8\0\0\0\0" * 2  # a call, wherever one looks
        # each frame pointer leads to the next one, or to itself, under a good return address
        following = address + 16 if address < 0x10800 else address
        return (following if address % 16 == 0 else 0x1007).to_bytes(8, "little")[:size]

    modules = Modules([Area(0x1000, 0x2000, "r-xp", 0, ""), Area(0x10000, 0x20000, "rw-p", 0, "")])
    for base, frames, end in (
        (0x10000, FRAMES_LIMIT, f"more than {FRAMES_LIMIT} frames"),
        (0x10800, 2, "no unwind information, and no frame pointer"),
    ):
        trace = unwind(memory, {"rip": 0x1005, "rsp": base, "rbp": base}, modules)
        assert (len(trace), trace.end) == (frames, end)
        assert trace.reliable == 1


@pytest.fixture(scope="module")
def sleeper(build: Callable[..., str]) -> Iterator[tuple[Modules, dict[str, int], Memory]]:
    with stopped(build(PAUSE)) as process:
        yield process.modules(), process.registers, process.memory


@given(st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=60)
def test_nonsense_never_fails(
    sleeper: tuple[Modules, dict[str, int], Memory], chance: random.Random
) -> None:
    modules, registers, memory = sleeper
    code = [area for area in modules.areas if "x" in area.permissions]
    low = registers["rsp"] & ~0xFFF
    high = low + 0x10000

    def word() -> int:
        area = chance.choice(code)
        inside = chance.randrange(area.start, area.end)
        return chance.choice((chance.getrandbits(64), chance.randrange(low, high, 8), inside))

    def rubbish(address: int, size: int) -> bytes:
        if not low <= address < high:
            return memory(address, size)
        return b"".join(word().to_bytes(8, "little") for _ in range(size // 8 + 1))[:size]

    wild = {name: word() for name in REGISTERS} | {"rsp": chance.randrange(low, high)}
    trace = unwind(rubbish, wild, modules)
    assert 1 <= len(trace) <= FRAMES_LIMIT
    assert trace.end
    assert stack(rubbish, wild, modules)[0]


@given(st.data())
@settings(deadline=None, max_examples=200)
def test_a_broken_elf_file_never_fails(data: st.DataObject) -> None:
    content = bytearray(Path("/usr/bin/true").read_bytes()[: 1 << 16])
    for _ in range(data.draw(st.integers(1, 12))):
        where = data.draw(st.integers(0, 0x400) | st.integers(0, len(content) - 8))
        content[where : where + 8] = data.draw(st.binary(min_size=8, max_size=8))
    content = content[: data.draw(st.integers(64, len(content)))]

    def memory(address: int, size: int) -> bytes:
        return bytes(content[address - 0x10000 :][:size])

    area = Area(0x10000, 0x10000 + (1 << 16), "r-xp", 0, "[vdso]")
    modules = Modules([area], memory=memory)
    for address in range(0x10000, 0x1A000, 0x500):
        assert modules.frame(address, exact=True).address == address
        trace = unwind(memory, {"rip": address, "rsp": 0x10100, "rbp": 0x10200}, modules)
        assert 1 <= len(trace) <= FRAMES_LIMIT


# Names


def test_build_id_and_paths(build: Callable[..., str], tmp_path: Path) -> None:
    place = tmp_path / "a b\nc (deleted)"
    place.mkdir()
    program = f"{place}/prog\udcff"
    shutil.copy(build(PAUSE, "-Wl,--build-id=0x0123456789abcdef"), program)
    with stopped(program) as process:
        frame = process.frames()[1]
        assert (frame.function, frame.build_id) == ("act", "0123456789abcdef")
        assert frame.module == os.fsencode(program).decode("utf-8", "backslashreplace")


def test_a_deleted_file_is_still_named(build: Callable[..., str], tmp_path: Path) -> None:
    program = f"{tmp_path}/program"
    shutil.copy(build(PAUSE), program)
    with stopped(program) as process:
        os.unlink(program)
        try:
            os.stat(f"/proc/{process.pid}/map_files/{process.modules().areas[0].start:x}-0")
        except PermissionError:
            pytest.skip("opening map_files needs privilege")
        except FileNotFoundError:
            pass
        frame = process.frames()[1]
        assert frame.function == "act"
        assert frame.module == f"{program} (deleted)"


def test_names_that_the_caller_gives(build: Callable[..., str]) -> None:
    with stopped(build(PAUSE)) as process:
        address = process.registers["rip"]
        modules = process.modules((address - 16, address + 16, "[gate]"))
        frame = modules.frame(address, exact=True)
        assert (frame.module, frame.offset, frame.function) == ("[gate]", 16, None)
        stack_frame = modules.frame(process.registers["rsp"], exact=True)
        assert stack_frame.module == "[stack]"


def test_a_process_that_is_gone_has_no_names() -> None:
    modules = Modules.of_process(2**22 + 1)
    assert modules.areas == []
    assert modules.frame(0x1234, exact=True).module == "[unmapped]"
    gone = Modules([Area(0x1000, 0x2000, "r-xp", 0x3000, "/bin/none")], pid=2**22 + 1)
    frame = gone.frame(0x1234, exact=True)
    assert (frame.module, frame.offset, frame.function) == ("/bin/none", 0x3234, None)


def test_images_are_shared(build: Callable[..., str]) -> None:
    images: dict[tuple[int, ...], Image] = {}
    with stopped(build(PAUSE)) as process:
        for _ in range(2):
            modules = Modules.of_process(process.pid, memory=process.memory, images=images)
            stack(process.memory, process.registers, modules)
    assert len(images) == 2


@given(st.binary(max_size=200))
def test_maps_of_any_bytes(maps: bytes) -> None:
    assert areas(maps) == []
    line = b"00400000-00401000 r-xp 00000000 08:01 77      /bin/x\\012y\n"
    assert areas(b"\n" + line + maps)[:1] == [Area(0x400000, 0x401000, "r-xp", 0, "/bin/x\ny")]


def test_only_regular_files_are_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ValueError, match="regular"):
        Image.open(str(tmp_path / "pipe"), {})
