"""What this machine has and lacks for mvx: read where the kernel says it, tried where it does not.

Whether a call works here is decided by kernel version, configuration, capabilities, security
modules, sysctls and the filters of a container together, so nothing is concluded from a version
number. Every attempt runs in a forked child with a time limit, in a session of its own that is
killed afterwards: what an attempt changes (filters, namespaces, traps) ends with it.

Sources: ptrace(2), seccomp(2), clone3(2) `set_tid` (5.5), user_namespaces(7), arch_prctl(2)
`ARCH_SET_CPUID` (4.12), PR_SET_TSC(2const), mseal(2) (6.10), memfd_create(2), pidfd_getfd(2) (5.6),
process_vm_writev(2), proc_pid_mem(5), Documentation/admin-guide/LSM/Yama.rst.
"""

from __future__ import annotations

import contextlib
import ctypes
import dataclasses
import errno
import json
import mmap
import os
import re
import resource
import select
import signal
import struct
import textwrap
from typing import TYPE_CHECKING, Literal, NoReturn

from mvx import __version__, memory, waiting
from mvx.options import CAP_SYS_PTRACE, capable, own_status

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

State = Literal["ok", "limited", "missing"]

KERNEL_OLDEST = (5, 10)
ATTEMPT_LIMIT_S = 10.0
WRAP_COLUMNS = 100
MEBIBYTE = 1 << 20

NUMBERS = {
    "mmap": 9,
    "mprotect": 10,
    "munmap": 11,
    "ptrace": 101,
    "getppid": 110,
    "prctl": 157,
    "arch_prctl": 158,
    "mount": 165,
    "unshare": 272,
    "process_vm_writev": 311,
    "seccomp": 317,
    "clone3": 435,
    "pidfd_getfd": 438,
    "mseal": 462,
}
PTRACE_POKEDATA, PTRACE_CONT = 5, 7
PTRACE_GETREGSET, PTRACE_SETREGSET, PTRACE_SEIZE, PTRACE_INTERRUPT = 0x4204, 0x4205, 0x4206, 0x4207
PTRACE_O_TRACESECCOMP, PTRACE_O_EXITKILL = 0x80, 0x100000
PTRACE_EVENT_SECCOMP, NT_PRSTATUS = 7, 1
RAX, ORIG_RAX, REGISTERS = 10, 15, 27  # places in struct user_regs_struct
PR_SET_PDEATHSIG, PR_SET_TSC, PR_SET_NO_NEW_PRIVS = 1, 26, 38
PR_TSC_ENABLE, PR_TSC_SIGSEGV = 1, 2
ARCH_SET_CPUID = 0x1012
SECCOMP_SET_MODE_FILTER, SECCOMP_RET_TRACE, SECCOMP_RET_ALLOW = 1, 0x7FF00000, 0x7FFF0000
CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWPID = 0x20000, 0x10000000, 0x20000000
MS_REC_PRIVATE = 0x4000 | 0x40000
F_ADD_SEALS, SEALS = 1033, 0x1 | 0x2 | 0x4  # SEAL, SHRINK, GROW
CAP_SYS_ADMIN = 21
TID_WANTED = 4321
SYSCALL_INSTRUCTION = b"\x0f\x05"

libc = ctypes.PyDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long


@dataclasses.dataclass(frozen=True, slots=True)
class Finding:
    """One thing about this machine."""

    name: str
    state: State
    found: str
    follows: str
    """What it means for mvx."""
    fix: str = ""
    needed: bool = False
    """Whether mvx cannot run where this is missing."""


@dataclasses.dataclass(frozen=True, slots=True)
class Attempt:
    """Something to try: it works, or fails with an OSError that names the step."""

    name: str
    run: Callable[[], str]
    with_it: str
    without: str
    fix: str
    needed: bool = False

    def finding(self) -> Finding:
        """Try it in a child."""
        try:
            return Finding(self.name, "ok", in_child(self.run), self.with_it, needed=self.needed)
        except OSError as error:
            found = f"{error.filename}: {error.strerror}" if error.filename else error.strerror
            return Finding(
                self.name,
                "missing" if self.needed else "limited",
                found or str(error),
                self.without,
                self.fix,
                self.needed,
            )


def examine() -> list[Finding]:
    """Look at everything. Takes under a second; leaves nothing behind."""
    return [
        kernel(),
        ptrace_scope(),
        confinement(),
        *(attempt.finding() for attempt in ATTEMPTS),
        shared_memory(),
        memory_limits(),
        overcommit(),
        processors(),
        transfers(),
        container(),
    ]


def can_run(findings: list[Finding]) -> bool:
    """Return whether mvx can run at all."""
    return not any(finding.needed and finding.state == "missing" for finding in findings)


def render(findings: list[Finding], *, as_json: bool) -> str:
    """Return the findings as JSON or as aligned text."""
    runs = can_run(findings)
    if as_json:
        rows = [dataclasses.asdict(finding) for finding in findings]
        document = {"version": __version__, "can_run": runs, "findings": rows}
        return json.dumps(document, indent=2)
    width = max(len(finding.name) for finding in findings)
    indent = " " * (len("missing") + 2 + width + 2)
    lines = []
    for finding in findings:
        head = f"{finding.state:7}  {finding.name:{width}}  "
        texts = [(head, finding.found), (indent, f"= {finding.follows}")]
        if finding.fix:
            texts.append((indent, f"fix: {finding.fix}"))
        for start, text in texts:
            lines += textwrap.wrap(
                text, WRAP_COLUMNS, initial_indent=start, subsequent_indent=indent + "  "
            )
    lacking = ", ".join(f.name for f in findings if f.needed and f.state == "missing")
    lines += ["", "mvx can run here." if runs else f"mvx cannot run here: {lacking} missing."]
    return "\n".join(lines)


# Children


def in_child(run: Callable[[], str], limit_s: float = ATTEMPT_LIMIT_S) -> str:
    """Call a function in a forked child and return its answer, or raise its OSError."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        answer_and_exit(run, writer)
    os.close(writer)
    try:
        if not select.select([reader], [], [], limit_s)[0]:
            raise TimeoutError(errno.ETIMEDOUT, f"no answer within {limit_s:g} s")
        text = os.read(reader, select.PIPE_BUF)  # an answer is one write
    finally:
        os.close(reader)
        for kill in (os.killpg, os.kill):  # the group exists once the child has made it
            with contextlib.suppress(ProcessLookupError):
                kill(child, signal.SIGKILL)
        status = os.waitpid(child, 0)[1]
    if not text:
        signaled = os.WIFSIGNALED(status)
        how = f"ended by signal {os.WTERMSIG(status)}" if signaled else "ended without an answer"
        raise ChildProcessError(errno.ECHILD, how)
    works, number, answer, step = json.loads(text)
    if not works:
        raise OSError(number, answer, step)
    return str(answer)


def answer_and_exit(run: Callable[[], str], writer: int) -> NoReturn:
    """Be the child of `in_child`: never return into the parent's code."""
    try:
        os.setsid()
        call("prctl", PR_SET_PDEATHSIG, signal.SIGKILL)
        try:
            answer: tuple[object, ...] = (True, 0, run(), None)
        except OSError as error:
            answer = (False, error.errno, error.strerror or str(error), error.filename)
        os.write(writer, json.dumps(answer).encode())
    finally:
        os._exit(0)


def call(name: str, *arguments: int) -> int:
    """Make a system call; raise OSError with the call's name where a file's name would stand."""
    words = (ctypes.c_ulong(argument & (1 << 64) - 1) for argument in arguments)
    result = libc.syscall(ctypes.c_long(NUMBERS[name]), *words)
    if result == -1:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), name)
    return int(result)


def fail(step: str, why: str) -> NoReturn:
    """Raise the error of a call that returned as if it worked, and did not."""
    raise OSError(errno.EINVAL, why, step)


@contextlib.contextmanager
def traced(body: Callable[[], int]) -> Iterator[int]:
    """Yield a child that is traced before it runs `body`; it exits with an errno, or 0."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.read(reader, 1)
            os._exit(body())
        except OSError as error:
            os._exit(error.errno or errno.EINVAL)
        finally:
            os._exit(errno.EINVAL)
    try:
        call("ptrace", PTRACE_SEIZE, child, 0, PTRACE_O_EXITKILL | PTRACE_O_TRACESECCOMP)
        os.write(writer, b".")
        yield child
    finally:
        with contextlib.suppress(ProcessLookupError, ChildProcessError):  # it may have ended
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)


def sleep_forever() -> int:
    """Be a child that waits to be looked at."""
    while True:
        signal.pause()


def registers(child: int, change: dict[int, int]) -> None:
    """Read a stopped child's registers and write them back changed."""
    values = (ctypes.c_ulong * REGISTERS)()
    vector = (ctypes.c_ulong * 2)(ctypes.addressof(values), ctypes.sizeof(values))
    call("ptrace", PTRACE_GETREGSET, child, NT_PRSTATUS, ctypes.addressof(vector))
    for place, value in change.items():
        values[place] = value & (1 << 64) - 1
    call("ptrace", PTRACE_SETREGSET, child, NT_PRSTATUS, ctypes.addressof(vector))


def code_page() -> int:
    """Map a page like a program's code, readable and executable, and return its address."""
    flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
    return call("mmap", 0, mmap.PAGESIZE, mmap.PROT_READ | mmap.PROT_EXEC, flags, -1, 0)


# Attempts


def try_ptrace() -> str:
    """Seize and stop a child, change its registers and its code."""
    page = code_page()
    with traced(sleep_forever) as child:
        call("ptrace", PTRACE_INTERRUPT, child, 0, 0)
        os.waitpid(child, 0)
        registers(child, {})
        call("ptrace", PTRACE_POKEDATA, child, page, int.from_bytes(SYSCALL_INSTRUCTION, "little"))
    return "seized, stopped and changed a child"


def try_seccomp() -> str:
    """Skip a child's system call at a RET_TRACE stop and put in a result."""

    def body() -> int:
        program = b"".join(
            struct.pack("<HBBI", *instruction)
            for instruction in (
                (0x20, 0, 0, 0),  # load the call's number
                (0x15, 0, 1, NUMBERS["getppid"]),
                (0x06, 0, 0, SECCOMP_RET_TRACE),
                (0x06, 0, 0, SECCOMP_RET_ALLOW),
            )
        )
        code = ctypes.create_string_buffer(program)
        header = (ctypes.c_ulong * 2)(len(program) // 8, ctypes.addressof(code))
        if not capable(CAP_SYS_ADMIN):
            call("prctl", PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        call("seccomp", SECCOMP_SET_MODE_FILTER, 0, ctypes.addressof(header))
        return 0 if call("getppid") == TID_WANTED else errno.EINVAL

    with traced(body) as child:
        status = os.waitpid(child, 0)[1]
        if os.WIFEXITED(status):
            raise OSError(os.WEXITSTATUS(status), os.strerror(os.WEXITSTATUS(status)), "seccomp")
        if status >> 8 != signal.SIGTRAP | PTRACE_EVENT_SECCOMP << 8:
            fail("seccomp", f"no RET_TRACE stop (wait status {status:#x})")
        registers(child, {ORIG_RAX: -1, RAX: TID_WANTED})
        call("ptrace", PTRACE_CONT, child, 0, 0)
        if os.waitpid(child, 0)[1] != 0:
            fail("seccomp", "the call was not skipped")
    return "RET_TRACE stopped a call, and it was skipped"


def enter_namespaces() -> None:
    """Make the namespaces of a follower; the next child is their first process."""
    flags = CLONE_NEWPID | CLONE_NEWNS
    if capable(CAP_SYS_ADMIN):
        call("unshare", flags)
        return
    user, group = os.geteuid(), os.getegid()
    call("unshare", flags | CLONE_NEWUSER)
    for file, text in (("setgroups", "deny"), ("uid_map", user), ("gid_map", group)):
        content = text if isinstance(text, str) else f"{text} {text} 1"
        with open(f"/proc/self/{file}", "w", encoding="ascii") as stream:
            stream.write(content)


def try_user_namespace() -> str:
    """Become somebody in a new user namespace."""
    call("unshare", CLONE_NEWUSER)
    with open("/proc/self/setgroups", "w", encoding="ascii") as stream:
        stream.write("deny")
    return "made one"


def try_set_tid() -> str:
    """Create a process with a number of our choice in a new PID namespace."""

    def body() -> str:
        tid = ctypes.c_int(TID_WANTED)
        arguments = (ctypes.c_ulong * 10)()
        arguments[4] = signal.SIGCHLD
        arguments[8], arguments[9] = ctypes.addressof(tid), 1
        child = call("clone3", ctypes.addressof(arguments), ctypes.sizeof(arguments))
        if child == 0:
            os._exit(0 if os.getpid() == TID_WANTED else 1)
        if child != TID_WANTED or os.waitpid(child, 0)[1] != 0:
            fail("clone3", f"gave {child} instead of {TID_WANTED}")
        return f"clone3 gave the process number {TID_WANTED} that was asked for"

    enter_namespaces()
    return in_child(body)


def try_mount_proc() -> str:
    """Mount the /proc of a new PID namespace."""

    def body() -> str:
        root, kind, place = (ctypes.create_string_buffer(t) for t in (b"/", b"proc", b"/proc"))
        call("mount", 0, ctypes.addressof(root), 0, MS_REC_PRIVATE, 0)
        name = ctypes.addressof(kind)
        call("mount", name, ctypes.addressof(place), name, 0, 0)
        return (
            "mounted one" if os.readlink("/proc/self") == "1" else fail("/proc", "is the old one")
        )

    enter_namespaces()
    return in_child(body)


def try_cpuid() -> str:
    """Let the cpuid instruction fault."""
    call("arch_prctl", ARCH_SET_CPUID, 0)
    return "the cpuid instruction can be made to fault"


def try_tsc() -> str:
    """Let the rdtsc instruction fault (and no longer: clock_gettime uses it too)."""
    call("prctl", PR_SET_TSC, PR_TSC_SIGSEGV, 0, 0, 0)
    call("prctl", PR_SET_TSC, PR_TSC_ENABLE, 0, 0, 0)
    return "the rdtsc instruction can be made to fault"


def try_mseal() -> str:
    """Seal a page and fail to unmap it."""
    page = code_page()
    call("mseal", page, mmap.PAGESIZE, 0)
    try:
        call("munmap", page, mmap.PAGESIZE)
    except PermissionError:
        return "a sealed page cannot be unmapped"
    fail("mseal", "a sealed page was unmapped")


def try_memfd() -> str:
    """Map a sealed memfd read-only so that it cannot become writable, and executable."""
    file = os.memfd_create("mvx-doctor", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    os.ftruncate(file, mmap.PAGESIZE)
    libc.fcntl(file, F_ADD_SEALS, SEALS)
    reopened = os.open(f"/proc/self/fd/{file}", os.O_RDONLY | os.O_CLOEXEC)
    size, shared = mmap.PAGESIZE, mmap.MAP_SHARED
    call("mmap", 0, size, mmap.PROT_READ | mmap.PROT_EXEC, shared, reopened, 0)
    page = call("mmap", 0, size, mmap.PROT_READ, shared, reopened, 0)
    try:
        os.ftruncate(file, 0)
    except PermissionError:
        pass
    else:
        fail("memfd", "a sealed file was shortened")
    try:
        call("mprotect", page, size, mmap.PROT_READ | mmap.PROT_WRITE)
    except PermissionError:
        return "sealed; a read-only mapping stays read-only"
    fail("memfd", "a read-only mapping became writable")


def try_proc_mem() -> str:
    """Write into a traced child's code through /proc/PID/mem."""
    page = code_page()
    with traced(sleep_forever) as child:
        call("ptrace", PTRACE_INTERRUPT, child, 0, 0)
        os.waitpid(child, 0)
        file = os.open(f"/proc/{child}/mem", os.O_RDWR | os.O_CLOEXEC)
        try:
            os.pwrite(file, SYSCALL_INSTRUCTION, page)
        except OSError as error:
            raise OSError(error.errno, error.strerror, "/proc/PID/mem") from None
        if os.pread(file, 2, page) != SYSCALL_INSTRUCTION:
            fail("/proc/PID/mem", "the write did not arrive")
    return "wrote into a child's code"


def try_vm_writev() -> str:
    """Write into a child's memory with process_vm_writev."""
    buffer = ctypes.create_string_buffer(b"theirs")
    text = ctypes.create_string_buffer(b"ours  ")
    with traced(sleep_forever) as child:
        remote = (ctypes.c_ulong * 2)(ctypes.addressof(buffer), len(buffer))
        local = (ctypes.c_ulong * 2)(ctypes.addressof(text), len(text))
        vectors = (ctypes.addressof(local), 1, ctypes.addressof(remote), 1)
        if call("process_vm_writev", child, *vectors, 0) != len(text):
            fail("process_vm_writev", "wrote too little")
    return "wrote into a child's memory"


def try_pidfd_getfd() -> str:
    """Take a descriptor out of a child."""
    reader, _ = os.pipe()
    with traced(sleep_forever) as child:
        os.close(call("pidfd_getfd", os.pidfd_open(child), reader, 0))
    return "took a descriptor from a child"


CONTAINER_FIX = "in a container: allow it in its seccomp profile, or add the capability SYS_PTRACE"
NAMESPACES_FIX = (
    "as root; or sysctl user.max_user_namespaces=10000 kernel.unprivileged_userns_clone=1"
    " kernel.apparmor_restrict_unprivileged_userns=0, as far as this kernel has them"
)
ATTEMPTS = (
    Attempt(
        "ptrace",
        try_ptrace,
        "the supervisor can hold, inspect and change its variants",
        "mvx cannot start any program",
        CONTAINER_FIX,
        needed=True,
    ),
    Attempt(
        "seccomp trap",
        try_seccomp,
        "every system call can be intercepted, from the first instruction on",
        "mvx cannot intercept system calls",
        "a kernel with CONFIG_SECCOMP_FILTER, 4.8 or newer; " + CONTAINER_FIX,
        needed=True,
    ),
    Attempt(
        "shared memory (memfd)",
        try_memfd,
        "variants exchange records in memory that only one of them can write",
        "variants cannot exchange records",
        "sysctl vm.memfd_noexec=0; a security module may forbid it too",
        needed=True,
    ),
    Attempt(
        "user namespace",
        try_user_namespace,
        "users other than root get PID namespaces too",
        "users other than root get no PID namespaces: see below",
        NAMESPACES_FIX,
    ),
    Attempt(
        "PID namespace, set_tid",
        try_set_tid,
        "all variants see the same process numbers, by construction",
        "process numbers are translated (--pids=translate)",
        NAMESPACES_FIX,
    ),
    Attempt(
        "/proc in a namespace",
        try_mount_proc,
        "/proc shows every variant the same process numbers",
        "process numbers are translated (--pids=translate)",
        "in a container: unmask /proc (--security-opt systempaths=unconfined); " + NAMESPACES_FIX,
    ),
    Attempt(
        "CPUID faulting",
        try_cpuid,
        "programs do not see RDRAND, RDSEED and TSX, whose results differ between variants",
        "RDRAND and RDSEED stay visible: programs that use them raise false alarms",
        "a CPU that has it (Intel since Ivy Bridge), and a hypervisor that passes it on",
    ),
    Attempt(
        "TSC trap",
        try_tsc,
        "programs that read the time stamp counter read the same one in all variants",
        "programs that read the time stamp counter raise false alarms",
        CONTAINER_FIX,
    ),
    Attempt(
        "mseal",
        try_mseal,
        "a variant cannot unmap or change the agent in it",
        "the agent is guarded by the supervisor's checks of memory calls alone",
        "Linux 6.10 or newer",
    ),
    Attempt(
        "/proc/PID/mem",
        try_proc_mem,
        "code is patched with one call",
        "code is patched word by word with ptrace, a little slower",
        "boot without proc_mem.force_override=never",
    ),
    Attempt(
        "process_vm_writev",
        try_vm_writev,
        "large data moves in and out of a variant with one call",
        "large data moves through /proc/PID/mem",
        CONTAINER_FIX,
    ),
    Attempt(
        "pidfd_getfd",
        try_pidfd_getfd,
        "the supervisor can take descriptors out of a variant",
        "descriptors cannot be taken out of a variant",
        "Linux 5.6 or newer; " + CONTAINER_FIX,
    ),
)


# Readings


def content_of(file: str) -> str:
    """Return what a small file says, or nothing."""
    try:
        with open(file, encoding="utf-8", errors="replace") as stream:
            return stream.read().strip("\0\n ")
    except OSError:
        return ""


def kernel() -> Finding:
    """Look at the kernel's version and machine."""
    system = os.uname()
    version = tuple(int(word) for word in re.findall(r"\d+", system.release)[:2])
    found = f"{system.sysname} {system.release} on {system.machine}"
    if (system.sysname, system.machine) != ("Linux", "x86_64"):
        follows, fix = "mvx runs on Linux x86-64 only", "use such a machine"
        return Finding("kernel", "missing", found, follows, fix, needed=True)
    if version < KERNEL_OLDEST:
        oldest = ".".join(map(str, KERNEL_OLDEST))
        follows = f"older than {oldest}, for which mvx is written"
        return Finding("kernel", "limited", found, follows, "a newer kernel", needed=True)
    return Finding("kernel", "ok", found, "new enough", needed=True)


def ptrace_scope() -> Finding:
    """Look at what Yama allows; whether it is enough is tried under `ptrace`."""
    scope = content_of("/proc/sys/kernel/yama/ptrace_scope")
    name = "ptrace scope (Yama)"
    if scope in {"", "0", "1"}:
        found = f"kernel.yama.ptrace_scope = {scope}" if scope else "no Yama"
        return Finding(name, "ok", found, "mvx may trace the programs that it starts")
    found = f"kernel.yama.ptrace_scope = {scope}"
    if scope == "2" and capable(CAP_SYS_PTRACE):
        return Finding(name, "ok", found, "mvx may trace, because it may trace everything")
    follows = "only root may trace" if scope == "2" else "nobody may trace, until the next boot"
    fix = "sysctl kernel.yama.ptrace_scope=1" + (
        " in /etc/sysctl.d, and reboot" if scope == "3" else ""
    )
    return Finding(name, "missing", found, follows, fix, needed=True)


def confinement() -> Finding:
    """Look for filters and restrictions that mvx was started under."""
    status = own_status()
    filters = int(status.get("Seccomp_filters", "0")) or int(status.get("Seccomp", "0") == "2")
    restricted = status.get("NoNewPrivs") == "1"
    found = f"{filters or 'no'} seccomp filter{'s' * (filters > 1)}, no_new_privs {restricted:d}"
    follows = []
    if filters:
        follows.append("calls that the outer filter refuses fail before mvx sees them")
    if restricted:
        follows.append("set-user-ID programs gain no rights")
    return Finding(
        "outer confinement",
        "limited" if follows else "ok",
        found,
        "; ".join(follows) or "nothing stands between mvx and the kernel",
        CONTAINER_FIX if filters else "",
    )


def shared_memory() -> Finding:
    """Look at /dev/shm, which programs use; mvx itself does not need it."""
    try:
        room = os.statvfs("/dev/shm")
    except OSError as error:
        follows = "programs that use POSIX shared memory fail, as they do natively"
        fix = "mount -t tmpfs tmpfs /dev/shm"
        return Finding("/dev/shm", "limited", error.strerror or "", follows, fix)
    found = f"{room.f_bavail * room.f_frsize // MEBIBYTE} MiB free"
    return Finding("/dev/shm", "ok", found, "for programs; mvx itself does not use it")


def cgroup_limits() -> Iterator[int]:
    """Yield the memory limits, in bytes, of the control groups that this process is in."""
    for line in content_of("/proc/self/cgroup").splitlines():
        _, controllers, group = line.split(":", 2)
        if controllers not in {"", "memory"}:
            continue
        root = "/sys/fs/cgroup/memory" if controllers else "/sys/fs/cgroup"
        file = "memory.limit_in_bytes" if controllers else "memory.max"
        while True:
            text = content_of(f"{root}{group}/{file}")
            if text.isdecimal() and int(text) < 1 << 60:
                yield int(text)
            if group.rstrip("/") == "":
                break
            group = group.rpartition("/")[0]


def memory_limits() -> Finding:
    """Look at what bounds the memory of this process and its children."""
    bounds = {}
    for name in ("RLIMIT_AS", "RLIMIT_MEMLOCK"):
        bounds[name] = resource.getrlimit(getattr(resource, name))[0]
    bounds["control group"] = min(cgroup_limits(), default=resource.RLIM_INFINITY)
    found = ", ".join(
        f"{name} {'none' if bytes_ < 0 else f'{bytes_ // MEBIBYTE} MiB'}"
        for name, bytes_ in bounds.items()
    )
    if bounds["RLIMIT_AS"] >= 0:
        follows = "the agent's arenas count towards every process's address space"
        return Finding("memory limits", "limited", found, follows, "ulimit -v unlimited")
    follows = "N variants need about N times the program's private memory"
    return Finding("memory limits", "ok", found, follows)


def overcommit() -> Finding:
    """Look at how the kernel promises memory."""
    mode = content_of("/proc/sys/vm/overcommit_memory")
    found = f"vm.overcommit_memory = {mode or 'unknown'}"
    if mode == "2":
        follows = "arenas are charged in full when they are mapped; large programs may get ENOMEM"
        return Finding("overcommit", "limited", found, follows, "sysctl vm.overcommit_memory=0")
    return Finding("overcommit", "ok", found, "arenas cost memory only as far as they are used")


def processors() -> Finding:
    """Count the CPUs and tell what waking a sleeper costs, and how variants wait by that."""
    count = len(os.sched_getaffinity(0))
    costs = waiting.costs()
    found = f"{count} CPU{'s' * (count > 1)}, a wake-up takes {costs.wake_ns / 1000:.1f} µs"
    if count < 2:
        follows = "variants take turns on one CPU; every rendezvous is a context switch"
        return Finding("processors", "limited", found, follows, "give it as many CPUs as variants")
    follows = (
        f"{count} variants run at the same time; who waits spins for up to {costs.turns} turns"
        f" of {costs.turn_ns:.0f} ns before it sleeps (--wait=auto)"
    )
    return Finding("processors", "ok", found, follows)


def transfers() -> Finding:
    """Tell by which way memory moves between the supervisor and a variant."""
    name = "memory transfer"
    try:
        known = memory.best()
    except OSError as error:
        return Finding(name, "limited", error.strerror or "", "see ptrace", CONTAINER_FIX)

    def ways(words_to: int, vectors_from: int) -> str:
        parts = [f"ptrace to {words_to} bytes"] if words_to else []
        parts.append("mem")
        if vectors_from < memory.NEVER:
            parts.append(f"process_vm from {vectors_from} bytes")
        return ", ".join(parts)

    found = f"reads: {ways(*known[:2])}; writes: {ways(*known[2:])}"
    return Finding(
        name,
        "ok",
        found,
        "the quickest by size, measured here (mem: /proc/PID/mem; mvx bench memory)",
    )


def container() -> Finding:
    """Look for signs of a container, where most of the above is decided by its settings."""
    signs = {
        "/.dockerenv exists": os.path.exists("/.dockerenv"),
        "/run/.containerenv exists": os.path.exists("/run/.containerenv"),
        "$container is set": "container" in os.environ,
        "control group named for one": any(
            word in content_of("/proc/self/cgroup")
            for word in ("docker", "kubepods", "lxc", "libpod")
        ),
        "a user namespace": content_of("/proc/self/uid_map").split() != ["0", "0", "4294967295"],
    }
    found = ", ".join(sign for sign, there in signs.items() if there)
    if not found:
        return Finding("container", "ok", "no sign of one", "the rows above are the kernel's own")
    follows = "what is missing above may be the container's doing"
    return Finding("container", "ok", found, follows)
