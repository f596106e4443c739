"""Calls as text: what people read in reports and traces."""

import ast
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mvx import decode, specification
from mvx.specification import constants, text
from mvx.specification.numbers import NUMBERS

DESCRIPTORS = {0: "/dev/null", 3: "/tmp/x", 5: "socket:[7]"}
AT = 1 << 40
REGISTERS = st.lists(st.integers(0, (1 << 64) - 1), min_size=6, max_size=6)


class Memory:
    """Pages of a stopped task: `put` places bytes at an address of their own."""

    def __init__(self) -> None:
        self.areas: dict[int, bytes] = {}
        self.next = AT

    def put(self, content: bytes) -> int:
        address = self.next
        self.areas[address] = content
        self.next += 1 << 20
        return address

    def read(self, address: int, size: int) -> bytes | None:
        for start, content in self.areas.items():
            if start <= address < start + len(content):
                return content[address - start : address - start + size]
        return None


def decoded(name: str, *arguments: int | bytes, result: int | None = None) -> str:
    """Decode a call; bytes are placed in memory, and their address is the argument."""
    memory = Memory()
    registers = [memory.put(each) if isinstance(each, bytes) else each for each in arguments]
    registers = [each % (1 << 64) for each in registers] + [0xDEAD] * (6 - len(registers))
    number = NUMBERS[name]
    source = decode.inputs_from_memory(number, registers, memory.read, result)
    return decode.decode_call(number, registers, result, source, DESCRIPTORS)


CASES = [
    (
        ("openat", -100, b"/etc/passwd\0", 0o2000000),
        3,
        'openat(AT_FDCWD, "/etc/passwd", O_RDONLY|O_CLOEXEC) = 3</tmp/x>',
    ),
    (
        ("openat", -100, b"/tmp/x\0", 0o1101, 0o644),
        -13,
        (
            'openat(AT_FDCWD, "/tmp/x", O_WRONLY|O_CREAT|O_TRUNC, 0644)'
            " = -1 EACCES (Permission denied)"
        ),
    ),
    (("open", b"d\0", 0o20200002, 0o600), 4, 'open("d", O_RDWR|O_TMPFILE, 0600) = 4'),
    (("open", b"d\0", 0o200000, 7), 4, 'open("d", O_RDONLY|O_DIRECTORY) = 4'),
    (
        ("openat2", 3, b"f\0", struct.pack("<QQQ", 0o100, 0o644, 8), 24),
        4,
        'openat2(3</tmp/x>, "f", {flags=O_RDONLY|O_CREAT, mode=0644, resolve=0x8}, 24) = 4',
    ),
    (("read", 3, b"hello\nworld", 4096), 5, 'read(3</tmp/x>, "hello", 4096) = 5'),
    (("write", 1, b"a\0b" + b"\0" * 1 + b"7\x80", 6), 6, 'write(1, "a\\0b\\x007\\x80", 6) = 6'),
    (("write", 1, 0, 6), -14, "write(1, NULL, 6) = -1 EFAULT (Bad address)"),
    (
        ("mmap", 0, 4096, 3, 0x22, 0xFFFFFFFF, 0),
        0x7F0000000000,
        "mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7f0000000000",
    ),
    (("lseek", 3, -4, 2), 96, "lseek(3</tmp/x>, -4, SEEK_END) = 96"),
    (
        ("socket", 2, 0o2000001, 0),
        5,
        "socket(AF_INET, SOCK_STREAM|SOCK_CLOEXEC, 0) = 5<socket:[7]>",
    ),
    (
        ("connect", 5, struct.pack(">2sH4B8x", b"\2\0", 80, 127, 0, 0, 1), 16),
        0,
        "connect(5<socket:[7]>, {AF_INET, 127.0.0.1:80}, 16) = 0",
    ),
    (
        ("bind", 5, struct.pack(">2sHI16sI", b"\n\0", 443, 0, b"\0" * 15 + b"\1", 0), 28),
        0,
        "bind(5<socket:[7]>, {AF_INET6, [::1]:443}, 28) = 0",
    ),
    (
        ("bind", 5, b"\1\0/run/s\0rubbish", 16),
        0,
        'bind(5<socket:[7]>, {AF_UNIX, "/run/s"}, 16) = 0',
    ),
    (("bind", 5, b"\1\0\0name", 7), 0, 'bind(5<socket:[7]>, {AF_UNIX, @"name"}, 7) = 0'),
    (
        ("accept4", 5, struct.pack(">2sH4B8x", b"\2\0", 9, 1, 2, 3, 4), b"\x10\0\0\0", 0o2000000),
        6,
        "accept4(5<socket:[7]>, {AF_INET, 1.2.3.4:9}, [16], SOCK_CLOEXEC) = 6",
    ),
    (
        ("setsockopt", 5, 1, 2, b"\1\0\0\0", 4),
        0,
        'setsockopt(5<socket:[7]>, SOL_SOCKET, SO_REUSEADDR, "\\x01\\0\\0\\0", 4) = 0',
    ),
    (
        ("setsockopt", 5, 6, 1, 0, 4),
        0,
        "setsockopt(5<socket:[7]>, SOL_TCP, TCP_NODELAY, NULL, 4) = 0",
    ),
    (
        ("poll", struct.pack("<ihhihh", 3, 1, 9, 5, 4, 9), 2, -1),
        1,
        "poll([{fd=3</tmp/x>, events=POLLIN}, {fd=5<socket:[7]>, events=POLLOUT}], 2, -1) = 1",
    ),
    (("select", 6, b"\x29\0\0\0\0\0\0\0", 0, 0, 0), 1, "select(6, [0 3 5], NULL, NULL, NULL) = 1"),
    (
        ("epoll_ctl", 4, 1, 5, struct.pack("<IQ", 0x80000001, 77)),
        0,
        "epoll_ctl(4, EPOLL_CTL_ADD, 5<socket:[7]>, {events=EPOLLIN|EPOLLET}) = 0",
    ),
    (
        ("rt_sigaction", 11, struct.pack("<QQQQ", 1, 0x14000000, 0, 2), 0, 8),
        0,
        (
            "rt_sigaction(SIGSEGV, {handler=0x1, flags=SA_RESTORER|SA_RESTART, restorer=NULL,"
            " mask=[INT]}, NULL, 8) = 0"
        ),
    ),
    (
        ("rt_sigprocmask", 2, struct.pack("<Q", (1 << 64) - 1 - 0x100), 0, 8),
        0,
        "rt_sigprocmask(SIG_SETMASK, ~[KILL], NULL, 8) = 0",
    ),
    (("kill", -1, 9), 0, "kill(-1, SIGKILL) = 0"),
    (("kill", 7, 35), 0, "kill(7, SIGRT_3) = 0"),
    (
        ("clone", 0x1200011, 0, 0, 0x7000, 0),
        42,
        "clone(CLONE_CHILD_CLEARTID|CLONE_CHILD_SETTID|SIGCHLD, NULL, NULL, 0x7000, NULL) = 42",
    ),
    (
        ("futex", AT, 129, 1, 0, 0, 0),
        1,
        "futex(0x10000000000, FUTEX_WAKE|FUTEX_PRIVATE_FLAG, 1, NULL, NULL, 0) = 1",
    ),
    (
        ("ioctl", 1, 0x5413, struct.pack("<4H", 24, 80, 0, 0)),
        0,
        "ioctl(1, TIOCGWINSZ, {ws_row=24, ws_col=80, ws_xpixel=0, ws_ypixel=0}) = 0",
    ),
    (("ioctl", 1, 0x540E, 1), 0, "ioctl(1, TIOCSCTTY, 1) = 0"),
    (("ioctl", 1, 0x5451), 0, "ioctl(1, FIOCLEX) = 0"),
    (("ioctl", 1, 0x80045430 + 0x60, 0), 0, "ioctl(1, _IOR(0x54, 0x90, 4), NULL) = 0"),
    (("ioctl", 1, 0x40045490, b"abcdef"), 0, 'ioctl(1, _IOW(0x54, 0x90, 4), "abcd") = 0'),
    (("ioctl", 1, 0x7777, 0), 0, "ioctl(1, 0x7777, 0) = 0"),
    (("fcntl", 3, 4, 0o4000), 0, "fcntl(3</tmp/x>, F_SETFL, O_NONBLOCK) = 0"),
    (("fcntl", 3, 1), 1, "fcntl(3</tmp/x>, F_GETFD) = 1"),
    (
        ("fcntl", 3, 6, struct.pack("<hhxxxxqqixxxx", 1, 0, 8, 16, 99)),
        0,
        "fcntl(3</tmp/x>, F_SETLK, {l_type=F_WRLCK, l_whence=SEEK_SET, l_start=8, l_len=16}) = 0",
    ),
    (("prctl", 15, b"name\0"), 0, 'prctl(PR_SET_NAME, "name") = 0'),
    (("prctl", 38, 1, 0, 0, 0), 0, "prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) = 0"),
    (("pipe2", struct.pack("<ii", 3, 4), 0o2000000), 0, "pipe2([3</tmp/x>, 4], O_CLOEXEC) = 0"),
    (("access", b"f\0", 5), 0, 'access("f", R_OK|X_OK) = 0'),
    (("access", b"f\0", 0), -2, 'access("f", F_OK) = -1 ENOENT (No such file or directory)'),
    (("unlinkat", -100, b"d\0", 0x200), 0, 'unlinkat(AT_FDCWD, "d", AT_REMOVEDIR) = 0'),
    (("faccessat2", 3, b"f\0", 4, 0x200), 0, 'faccessat2(3</tmp/x>, "f", R_OK, AT_EACCESS) = 0'),
    (("umask", 0o22), 0o77, "umask(022) = 077"),
    (("chown", b"f\0", -1, 1000), 0, 'chown("f", -1, 1000) = 0'),
    (("exit_group", 3), None, "exit_group(3)"),
    (
        ("nanosleep", struct.pack("<qq", 1, 500), 0),
        -4,
        "nanosleep({tv_sec=1, tv_nsec=500}, NULL) = -1 EINTR (Interrupted system call)",
    ),
    (
        ("setrlimit", 7, struct.pack("<QQ", 64, (1 << 64) - 1)),
        0,
        "setrlimit(RLIMIT_NOFILE, {rlim_cur=64, rlim_max=RLIM64_INFINITY}) = 0",
    ),
    (("getpid",), 7, "getpid() = 7"),
    (("flock", 3, 6), -516, "flock(3</tmp/x>, LOCK_EX|LOCK_NB) = -1 errno 516"),
    (
        ("clock_gettime", 1, struct.pack("<qq", 5, 6)),
        0,
        "clock_gettime(CLOCK_MONOTONIC, {tv_sec=5, tv_nsec=6}) = 0",
    ),
]


@pytest.mark.parametrize(
    ("call", "result", "expected"), CASES, ids=[case[2][:30] for case in CASES]
)
def test_lines(call: tuple[object, ...], result: int | None, expected: str) -> None:
    name, *arguments = call
    assert decoded(str(name), *arguments, result=result) == expected  # type: ignore[arg-type]


def test_vectors_and_strings() -> None:
    memory = Memory()
    parts = [memory.put(b"one, "), memory.put(b"two")]
    vector = memory.put(struct.pack("<4Q", parts[0], 5, parts[1], 3))
    registers = [1, vector, 2, 0, 0, 0]
    number = NUMBERS["writev"]
    source = decode.inputs_from_memory(number, registers, memory.read)
    assert decode.decode_call(number, registers, 8, source) == 'writev(1, "one, two", 2) = 8'

    number = NUMBERS["readv"]
    source = decode.inputs_from_memory(number, registers, memory.read, 6)
    assert decode.decode_call(number, registers, 6, source) == 'readv(1, "one, t", 2) = 6'

    strings = [memory.put(b"sh\0"), memory.put(b"-c\0")]
    argv = memory.put(struct.pack("<3Q", *strings, 0))
    registers = [strings[0], argv, 0, 0, 0, 0]
    number = NUMBERS["execve"]
    source = decode.inputs_from_memory(number, registers, memory.read)
    assert decode.decode_call(number, registers, None, source) == 'execve("sh", ["sh", "-c"], NULL)'


def test_messages_have_a_type_before_their_bytes() -> None:
    message = struct.pack("<q", 1) + b"hello"
    assert decoded("msgsnd", 7, message, 5, 0, result=0) == (
        'msgsnd(7, "\\x01\\0\\0\\0\\0\\0\\0\\0hello", 5, 0) = 0'
    )
    assert decoded("msgrcv", 7, message, 64, 0, 0, result=2) == (
        'msgrcv(7, "\\x01\\0\\0\\0\\0\\0\\0\\0he", 64, 0, 0) = 2'
    )


def test_outputs_of_a_failed_call_are_addresses() -> None:
    assert decoded("read", 3, b"stale", 5, result=-11).startswith(
        "read(3</tmp/x>, 0x10000000000, 5) = -1 EAGAIN"
    )


def test_arguments_say_which_differ_and_keep_the_bytes() -> None:
    number = NUMBERS["write"]
    found = decode.decode_arguments(
        number, [3, AT, 4, 0, 0, 0], {1: b"leak"}.get, DESCRIPTORS, differing={1}
    )
    assert [argument.name for argument in found] == ["fd", "buf", "count"]
    assert [argument.text for argument in found] == ["3</tmp/x>", '"leak"', "4"]
    assert [argument.data for argument in found] == [None, b"leak", None]
    assert [argument.differs for argument in found] == [False, True, False]


def test_kept_bytes_are_bounded() -> None:
    found = decode.decode_arguments(1, [3, AT, 1 << 20, 0, 0, 0], lambda _: b"x" * (1 << 20))
    assert found[1].data is not None
    assert len(found[1].data) == decode.DATA_LARGEST
    assert found[1].text == f'"{"x" * text.BYTES_SHOWN}"...'


def test_undeclared_call() -> None:
    line = decode.decode_call(400, [1, 2, 3, 4, 5, 6], -38)
    assert line == (
        "syscall_400(0x1, 0x2, 0x3, 0x4, 0x5, 0x6) = -1 ENOSYS (Function not implemented)"
    )


def test_descriptor_names_cannot_break_the_line() -> None:
    line = decode.decode_call(NUMBERS["close"], [9, 0, 0, 0, 0, 0], 0, descriptors={9: "a\n\x1b[m"})
    assert line == "close(9<a\\x0a\\x1b[m>) = 0"


def test_unreadable_memory_shows_addresses() -> None:
    registers = [AT] * 6
    for number in specification.declarations():
        source = decode.inputs_from_memory(number, registers, lambda _, __: None, 0)
        assert "\n" not in decode.decode_call(number, registers, 0, source)


@given(
    number=st.sampled_from(sorted(specification.declarations())),
    registers=REGISTERS,
    content=st.binary(max_size=200),
    result=st.none() | st.integers(0, (1 << 64) - 1),
)
def test_hostile_arguments_never_raise(
    number: int, registers: list[int], content: bytes, result: int | None
) -> None:
    for source in (
        lambda _: content,
        decode.inputs_from_memory(number, registers, lambda _, size: content[:size], result),
    ):
        line = decode.decode_call(number, registers, result, source, DESCRIPTORS)
        assert line.isprintable()
        assert line.startswith(f"{specification.name(number)}(")
        assert len(line) < 8192


@given(
    call=st.sampled_from(sorted(specification.request_tables())),
    data=st.data(),
    registers=REGISTERS,
    content=st.binary(max_size=400),
)
def test_hostile_requests_never_raise(
    call: str, data: st.DataObject, registers: list[int], content: bytes
) -> None:
    request = data.draw(st.sampled_from(specification.request_tables()[call]))
    registers[{"prctl": 0, "keyctl": 0, "semctl": 2}.get(call, 1)] = request.value | (
        registers[5] & ~0xFFFFFFFF
    )
    line = decode.decode_call(NUMBERS[call], registers, 0, lambda _: content)
    assert line.isprintable()
    assert request.name in line


@given(st.binary(max_size=100))
def test_quoted_bytes_read_back(data: bytes) -> None:
    assert ast.literal_eval(f"b{text.quoted(data, len(data))}") == data
    assert text.quoted(data, 10).isprintable()


@given(st.sampled_from(sorted(constants.FLAGS)), st.integers(0, (1 << 32) - 1))
def test_flags_lose_no_bit(table: str, value: int) -> None:
    values = {name: bits for bits, name in constants.FLAGS[table].items()}
    values |= {name: bits for bits, name in constants.VALUES.get(f"{table}:value", {}).items()}
    total = 0
    for word in text.flags(table, value).split("|"):
        if word.startswith("SIG"):
            total |= next(n for n in range(256) if text.signal_name(n) == word)
        else:
            total |= values[word] if word in values else int(word, 0)
    assert total == value


@given(st.integers(-(1 << 31), (1 << 31) - 1), st.integers(0, (1 << 32) - 1))
def test_rubbish_above_an_int_is_not_shown(value: int, rubbish: int) -> None:
    register = (value & 0xFFFFFFFF) | rubbish << 32
    assert decode.decode_call(NUMBERS["exit"], [register, 0, 0, 0, 0, 0]) == f"exit({value})"
