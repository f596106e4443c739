"""The call specification: complete, consistent with the kernel's headers, and freshly generated."""

import errno
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mvx import generate, specification, syscalls
from mvx.specification import constants, declaration, structures
from mvx.specification import ioctls as ioctl_module
from mvx.specification.annotations import (
    Address,
    Array,
    Bytes,
    Fd,
    In,
    InOut,
    Int,
    Int32,
    Out,
    Size,
    Vector,
    Zero,
)
from mvx.specification.annotations import (
    Path as PathString,
)
from mvx.specification.declaration import SpecificationError, leader, local, refused
from mvx.specification.numbers import NAMES, NUMBERS
from mvx.specification.requests import Request
from mvx.specification.structures import Structure
from mvx.specification.validation import validate
from mvx.specification.vocabulary import CallFlag, Executor, Field, Handler, Kind, ResultKind

ROOT = Path(__file__).parents[1]
HEADERS = [
    path
    for folder in ("/usr/include/x86_64-linux-gnu/asm", "/usr/include/asm")
    if (path := Path(folder) / "unistd_64.h").is_file()
]
COMPILERS = [name for name in ("gcc", "clang") if shutil.which(name)]


def compiles(text: str, folder: Path, compiler: str = "gcc", *flags: str) -> None:
    source = folder / "checked.c"
    source.write_text(text)
    command = [compiler, "-std=gnu11", "-Wall", "-Wextra", "-Werror", "-c", source, *flags]
    result = subprocess.run(
        [*command, "-o", folder / "checked.o"], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr


# Completeness


@pytest.mark.skipif(not HEADERS, reason="no kernel headers")
def test_every_call_of_the_headers_is_declared_with_its_number() -> None:
    found = re.findall(r"#define __NR_(\w+) (\d+)", HEADERS[0].read_text())
    assert len(found) > 300
    for name, number in found:
        assert NUMBERS[name] == int(number)
        assert specification.declarations()[int(number)].name == name


def test_every_number_of_the_table_is_declared_once() -> None:
    calls = specification.declarations()
    assert set(calls) == set(NAMES)
    assert all(calls[number].name == name for number, name in NAMES.items())
    assert len(NUMBERS) == len(NAMES)


def test_refusals_have_an_errno_and_a_reason() -> None:
    for call in specification.declarations().values():
        assert (call.executor is Executor.REFUSED) == bool(call.refusal)
        if call.refusal:
            assert call.refusal in errno.errorcode
            assert call.note


def test_lookups() -> None:
    assert specification.name(1) == "write"
    assert specification.name(999) == "syscall_999"
    assert specification.number("openat") == 257
    with pytest.raises(KeyError):
        specification.number("no_such_call")
    rule = specification.rule(1)
    assert rule
    assert (rule.executor, rule.effect, rule.sensitive) == (Executor.LEADER, True, False)
    assert CallFlag.DESCRIPTOR in rule.flags
    assert specification.rule(400) is None


@pytest.mark.parametrize(
    "module", ["mvx.specification", "mvx.specification.table", "mvx.decode", "mvx.supervisor"]
)
def test_start_up_loads_no_declarations(module: str) -> None:
    code = f"import sys, {module}; print('mvx.specification.files' in sys.modules)"
    run = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": ":".join(sys.path)},
    )
    assert run.stdout.strip() == "False"


def test_the_table_for_start_up_says_what_the_declarations_say() -> None:
    from mvx.specification.table import REQUESTS, RULES

    expected = {
        call.number: (
            *(call.name, call.executor, call.flags, call.handler, call.refusal),
            Path(call.file).stem,
        )
        for call in specification.declarations().values()
    }
    assert expected == RULES
    for name, requests in specification.request_tables().items():
        assert sorted(REQUESTS[name]) == sorted(
            (request.value, request.executor, request.flags) for request in requests
        )


# What calls are declared as


def test_treatment_of_some_calls() -> None:
    def flags(name: str) -> CallFlag:
        rule = specification.rule(NUMBERS[name])
        assert rule
        return rule.flags

    for name in (
        "write",
        "sendto",
        "connect",
        "rename",
        "exit_group",
        "kill",
        "execve",
        "ftruncate",
    ):
        assert CallFlag.EFFECT in flags(name), name
    for name in ("read", "fsync", "accept4", "getpid", "stat", "openat", "close"):
        assert CallFlag.EFFECT not in flags(name), name
    for name in ("kill", "tgkill", "setuid", "setitimer", "mount", "mprotect", "setrlimit"):
        assert CallFlag.SENSITIVE in flags(name), name
    assert CallFlag.SETTLE in flags("chdir")
    assert CallFlag.SIGNAL_MASK in flags("ppoll")
    assert CallFlag.OUT_ON_ERROR in flags("nanosleep")
    assert CallFlag.NO_RETURN in flags("exit")


def test_new_descriptors_know_their_close_on_exec_flag() -> None:
    names = {
        "openat": (3, 0o2000000),
        "socket": (2, 0o2000000),
        "memfd_create": (2, 1),
        "pidfd_open": (255, 0),
        "eventfd": (0, 0),
    }
    for name, expected in names.items():
        rule = specification.rule(NUMBERS[name])
        assert rule
        assert rule.result is ResultKind.DESCRIPTOR
        assert (rule.cloexec, rule.cloexec_flag) == expected, name


def test_layouts_leave_out_holes_and_own_values() -> None:
    assert structures.pollfd.layout == (Field(0, 6),)
    assert structures.epoll_event.layout == (Field(0, 4),)
    assert structures.epoll_event.size == 12
    assert structures.sigaction.layout == (
        Field(0, 8, address=True),
        Field(8, 4),
        Field(16, 8, address=True),
        Field(24, 8),
    )
    assert structures.flock.layout == (Field(0, 4), Field(8, 16))
    assert structures.timespec.layout == ()
    assert structures.blob("anything", 3).layout == ()


# Against the kernel's headers

SIZES = {
    "linux/time.h": ["timespec", "timeval", "timezone", "itimerval", "itimerspec"],
    "linux/utime.h": ["utimbuf"],
    "linux/timex.h": ["timex:struct __kernel_timex"],
    "linux/times.h": ["tms"],
    "asm/stat.h": ["stat"],
    "linux/stat.h": ["statx"],
    "asm/statfs.h": ["statfs"],
    "linux/openat2.h": ["open_how"],
    "asm/fcntl.h": ["flock", "f_owner_ex"],
    "linux/uio.h": ["iovec"],
    "linux/resource.h": ["rlimit", "rusage"],
    "asm/poll.h": ["pollfd"],
    "linux/eventpoll.h": ["epoll_event"],
    "asm/siginfo.h": ["sigevent:struct sigevent", "siginfo:siginfo_t"],
    "asm/signal.h": ["sigaltstack:stack_t"],
    "linux/capability.h": ["capability_header:struct __user_cap_header_struct"],
    "linux/sem.h": ["sembuf"],
    "linux/mqueue.h": ["mq_attr"],
    "linux/utsname.h": ["utsname:struct new_utsname"],
    "linux/sysinfo.h": ["sysinfo"],
}


@pytest.mark.skipif(not HEADERS or "gcc" not in COMPILERS, reason="no kernel headers or no gcc")
@pytest.mark.parametrize("header", SIZES)
def test_structures_have_the_size_and_offsets_of_the_kernels(header: str, tmp_path: Path) -> None:
    lines = ["#include <stddef.h>", f"#include <{header}>"]
    for word in SIZES[header]:
        name, _, kind = word.partition(":")
        structure = getattr(structures, name)
        kind = kind or f"struct {name}"
        lines.append(f'_Static_assert(sizeof({kind}) == {structure.size}, "{name}");')
        for member, offset, _ in structure.members:
            if re.match(r"(tv|l|st|f)_|(fd|events|revents|stabil)$", member):
                lines.append(f'_Static_assert(offsetof({kind}, {member}) == {offset}, "{member}");')
    compiles("\n".join([*lines, ""]), tmp_path)


@pytest.mark.skipif(not HEADERS or "gcc" not in COMPILERS, reason="no kernel headers or no gcc")
def test_sizes_of_terminal_and_ipc_structures(tmp_path: Path) -> None:
    # These headers collide with others, or want types from them.
    kinds = {
        "struct termios": (ioctl_module.termios.size, "asm/termbits.h"),
        "struct termios2": (ioctl_module.termios2.size, "asm/termbits.h"),
        "struct winsize": (ioctl_module.winsize.size, "asm/termios.h"),
        "struct ifreq": (ioctl_module.interface.size, "linux/if.h"),
        "struct semid64_ds": (104, "linux/sem.h"),
        "struct msqid64_ds": (120, "linux/msg.h"),
        "struct shmid64_ds": (112, "linux/shm.h"),
        "struct clone_args": (88, "linux/sched.h"),
        "struct loop_info64": (232, "linux/loop.h"),
        "struct loop_config": (304, "linux/loop.h"),
        "struct fsxattr": (28, "linux/fs.h"),
        "struct fstrim_range": (24, "linux/fs.h"),
        "struct serial_struct": (72, "linux/serial.h"),
        "struct serial_icounter_struct": (80, "linux/serial.h"),
    }
    for kind, (size, header) in kinds.items():
        lines = ["#include <sys/types.h>", f"#include <{header}>"]
        lines.append(f'_Static_assert(sizeof({kind}) == {size}, "");')
        text = "\n".join([*lines, ""])
        compiles(text, tmp_path)


def assertions(names: dict[str, int]) -> Iterator[str]:
    for name, value in names.items():
        yield f"#ifdef {name}"
        yield f'_Static_assert((unsigned)({name}) == {value & 0xFFFFFFFF:#x}u, "{name}");'
        yield "#endif"


@pytest.mark.skipif(not HEADERS or "gcc" not in COMPILERS, reason="no kernel headers or no gcc")
def test_names_have_the_values_of_the_kernels(tmp_path: Path) -> None:
    headers = """
        asm/fcntl.h linux/fcntl.h asm/mman.h linux/mman.h linux/sched.h linux/wait.h linux/futex.h
        asm/poll.h linux/eventpoll.h asm/signal.h linux/time.h asm/resource.h linux/resource.h
        linux/prctl.h linux/fs.h asm/ioctls.h linux/sockios.h asm/sockios.h asm/socket.h
        linux/memfd.h linux/random.h linux/mempolicy.h asm/prctl.h linux/tcp.h linux/fadvise.h
        linux/if_tun.h linux/loop.h linux/kd.h linux/vt.h linux/nsfs.h linux/keyctl.h
        linux/sem.h linux/msg.h linux/shm.h linux/stat.h asm/termbits.h linux/fiemap.h
    """
    lines = [f"#include <{header}>" for header in headers.split()]
    tables = [*constants.FLAGS.values(), *constants.VALUES.values()]
    names = {name: value for table in tables for value, name in table.items()}
    del names["CLONE_CLEAR_SIGHAND"], names["CLONE_INTO_CGROUP"]  # 64 bits
    lines += assertions(names)
    for requests in specification.request_tables().values():
        lines += assertions({request.name: request.value for request in requests})
    compiles("\n".join([*lines, ""]), tmp_path)


# Wrong declarations

Register = dict[int, declaration.Declaration]


@pytest.fixture
def register(monkeypatch: pytest.MonkeyPatch) -> Register:
    """An empty register, so that wrong declarations disturb nobody."""
    own: Register = {}
    monkeypatch.setattr(declaration, "REGISTER", own)
    return own


def declare(decorator: object, name: str, result: object, **arguments: object) -> None:
    """Declare a call whose signature is made of values, as the topic modules do with text."""
    names = ", ".join(arguments)
    scope: dict[str, object] = {}
    exec(compile(f"def {name}({names}): ...", __file__, "exec"), scope)
    function = scope[name]
    function.__annotations__ = {**arguments, "return": result}  # type: ignore[attr-defined]
    decorator(function)  # type: ignore[operator]


@pytest.mark.usefixtures("register")
def test_no_such_call() -> None:
    with pytest.raises(SpecificationError, match="no_such_call: no such call"):
        declare(leader, "no_such_call", Zero)


@pytest.mark.usefixtures("register")
def test_declared_twice() -> None:
    declare(leader, "getpid", Int)
    with pytest.raises(SpecificationError, match="declared twice"):
        declare(leader, "getpid", Int)


@pytest.mark.usefixtures("register")
def test_error_names_file_and_line() -> None:
    with pytest.raises(SpecificationError) as caught:
        declare(leader, "close", Zero, fd="no annotation")
    assert caught.value.file == __file__
    assert caught.value.line == 1
    assert str(caught.value).startswith(f"{__file__}:1: close: argument fd")


@pytest.mark.parametrize(
    ("message", "decorator", "result", "arguments"),
    [
        ("'count', which is no argument", leader, Size, {"buf": In[Bytes("count")], "n": Size}),
        ("'vlen', which is no argument", leader, Size, {"vec": In[Vector("vlen")]}),
        ("result's annotation", leader, In[Bytes("n")], {"n": Size}),
        ("close-on-exec", leader(cloexec=("flags", 1)), Fd, {"n": Size}),
        ("kind BYTES", leader, Size, {"buf": In[Bytes("n")], "n": In[Int32]}),
        ("in-out pointer", leader, Size, {"buf": Out[Bytes.pointed("n")], "n": Size}),
        ("length of the result", leader, Size, {"buf": In[Bytes.result("n")], "n": Size}),
        ("only be an input", leader, Size, {"path": Out[PathString]}),
        ("leader's addresses", leader, Zero, {"p": InOut[Structure("s", p=structures.pointer)]}),
        ("no bytes", leader, Zero, {"p": In[Bytes.fixed(0)]}),
        ("more than a rule", leader, Zero, {"p": In[Bytes.fixed(1 << 16)]}),
        ("cannot be an effect", local(effect=True), Zero, {}),
        ("address is each variant's own", leader, Address, {}),
        ("without a new descriptor", leader(cloexec="always"), Zero, {}),
        ("needs a handler", leader(no_return=True), Zero, {}),
        ("7 arguments", leader, Zero, dict.fromkeys("abcdefg", Int)),
        ("errno and a reason", refused(errno.ENOSYS, reason=""), Zero, {}),
    ],
)
def test_wrong_declaration(
    register: Register,
    message: str,
    decorator: object,
    result: object,
    arguments: dict[str, object],
) -> None:
    def make() -> None:
        declare(decorator, "read", result, **arguments)
        validate(register, {}, complete=False)

    with pytest.raises(SpecificationError, match=message):
        make()


def test_wrong_words() -> None:
    with pytest.raises(TypeError, match="unknown words in a declaration: efect"):
        leader(efect=True)
    with pytest.raises(TypeError, match="no errno"):
        refused(4711, reason="none")
    with pytest.raises(TypeError, match="cannot point to"):
        In[3]
    with pytest.raises(ValueError, match="8 bytes of members and a size of 4"):
        Structure("s", size=4, value=structures.i64)


@pytest.mark.parametrize(
    ("message", "requests"),
    [
        ("the same number as A", [Request("A", 1), Request("B", 1)]),
        ("2 arguments", [Request("A", 1, Int, Int)]),
        ("needs a reason", [Request("A", 1, refusal=errno.EPERM)]),
        ("without a new descriptor", [Request("A", 1, cloexec="always")]),
        ("only fixed lengths", [Request("A", 1, In[Bytes("arg2")])]),
    ],
)
def test_wrong_request(message: str, requests: list[Request]) -> None:
    with pytest.raises(SpecificationError, match=message) as caught:
        validate({}, {"ioctl": requests}, complete=False)
    assert caught.value.file == __file__


def test_request_with_a_wrong_annotation() -> None:
    with pytest.raises(SpecificationError, match="no annotation of the specification"):
        Request("A", 1, "not an annotation")


def test_missing_declaration() -> None:
    with pytest.raises(SpecificationError, match=r"read \(0\) is not declared"):
        validate({}, {})


# The generator


def test_generated_files_are_fresh() -> None:
    assert generate.main(["--check", "--root", str(ROOT)]) == 0


def test_generator_writes_only_what_changed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--root", str(tmp_path)]
    assert generate.main([*arguments, "--check"]) == 1
    assert "is stale" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
    assert generate.main(arguments) == 0
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) == len(generate.texts())
    before = {path: path.stat().st_mtime_ns for path in files}
    assert generate.main(arguments) == 0
    assert generate.main([*arguments, "--check"]) == 0
    assert before == {path: path.stat().st_mtime_ns for path in files}
    (tmp_path / "agent/generated/rules.h").write_text("")
    capsys.readouterr()
    assert generate.main(arguments) == 0
    assert capsys.readouterr().out == "wrote agent/generated/rules.h\n"


@pytest.mark.usefixtures("register")
def test_generator_refuses_a_wrong_specification(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    declare(leader, "read", Address)
    assert generate.main(["--root", str(tmp_path)]) == 2
    assert f"{__file__}:1: read: " in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("compiler", COMPILERS)
def test_tables_compile_and_need_no_relocation(compiler: str, tmp_path: Path) -> None:
    for path, text in generate.texts().items():
        if path.startswith("agent/"):
            target = tmp_path / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
    shutil.copy(ROOT / "agent/rule.h", tmp_path / "agent/rule.h")
    tables = ["rules", "ioctl_rules", "fcntl_rules", "prctl_rules", "layouts", "layout_start"]
    lines = [
        '#include "agent/generated/rules.h"',
        '_Static_assert(sizeof(struct request_rule) == 24, "request_rule");',
        '_Static_assert(sizeof(struct option_rule) == 60, "option_rule");',
        *(f"const void *use_{table}(void) {{ return {table}; }}" for table in tables),
        "",
    ]
    compiles("\n".join(lines), tmp_path, compiler, "-fpie", f"-I{tmp_path}")
    sections = subprocess.run(
        ["readelf", "--wide", "--relocs", tmp_path / "checked.o"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    names = re.findall(r"section '\.rela(\S+)'", sections)
    assert names
    assert not [name for name in names if "data" in name]


def test_long_fields_are_split() -> None:
    layouts = generate.Layouts()
    long = Structure("long", value=structures.octets(600), rest=structures.own(structures.i32))
    assert layouts.index(None) == 0
    assert layouts.index(structures.timespec) == 0
    assert layouts.index(long) == 1
    assert layouts.index(long) == 1
    text = "\n".join(layouts.lines())
    assert "{0, 255, 0}, /* 1: long */" in text
    assert "{255, 255, 0}," in text
    assert "{510, 90, 0}," in text


def test_sub_tables_are_sorted_for_a_binary_search() -> None:
    text = generate.texts()["agent/generated/rules.h"]
    for name, requests in specification.request_tables().items():
        start = text.index(f" {name}_rules[")
        block = text[start : text.index("\n};", start)]
        values = [int(v, 16) for v in re.findall(r"\.(?:request|option) = (0x\w+)", block)]
        assert len(values) == len(requests)
        assert values == sorted(set(values))


# mvx syscalls


def test_table_of_calls() -> None:
    lines = syscalls.render().splitlines()
    assert lines[0].split()[:3] == ["NUMBER", "NAME", "SUPPORT"]
    assert len(lines) == len(NAMES) + 3
    write = next(line for line in lines if line.split()[1:2] == ["write"])
    assert write.split()[:5] == ["1", "write", "full", "leader", "yes"]
    uring = next(line for line in lines if "io_uring_setup" in line)
    assert "refused" in uring
    assert "ENOSYS: " in uring
    assert lines[-1].startswith(f"{len(NAMES)} calls: ")


def test_irregular_calls_are_those_with_a_handler() -> None:
    data = json.loads(syscalls.render(irregular=True, form="json"))
    names = {call["name"] for call in data["calls"]}
    calls = specification.declarations().values()
    assert names == {call.name for call in calls if call.handler is not Handler.NONE}
    assert 0 < len(names) < 60


def test_json_of_calls() -> None:
    data = json.loads(syscalls.render(form="json"))
    calls = {call["name"]: call for call in data["calls"]}
    assert calls["write"] == {
        "number": 1,
        "name": "write",
        "arguments": ["fd", "buf", "count"],
        "support": "full",
        "executor": "leader",
        "effect": True,
        "verified": False,
        "errno": None,
        "note": None,
        "handler": None,
        "description": "The leader writes from the compared copy.",
    }
    assert calls["ptrace"]["errno"] == "EPERM"
    requests = {request["name"]: request for request in data["requests"]["ioctl"]}
    assert requests["TCSETS"]["effect"]
    assert requests["FIDEDUPERANGE"]["errno"] == "EOPNOTSUPP"


def test_reference_page_lists_everything() -> None:
    page = syscalls.reference()
    for call in specification.declarations().values():
        assert f"| {call.number} | `{call.name}` |" in page
    for requests in specification.request_tables().values():
        assert all(f"`{request.name}`" in page for request in requests)
    rows = [line for line in page.splitlines() if line.startswith("|")]
    assert {line.replace("\\|", "").count("|") for line in rows} == {8, 9}


def test_kinds_of_some_arguments() -> None:
    rule = specification.rule(NUMBERS["poll"])
    assert rule
    kinds = [parameter.kind for parameter in rule.parameters]
    assert kinds == [Kind.BYTES, Kind.INT, Kind.TIMEOUT]
    assert rule.parameters[0].size == structures.pollfd.size
    assert Array(structures.pollfd, "nfds").structure is structures.pollfd
    table = {request.name: request for request in specification.request_tables()["fcntl"]}
    assert table["F_DUPFD_CLOEXEC"].cloexec == 255
    assert table["F_SETLK"].parameters[0].structure is structures.flock
