"""What is tried, in a child each: calls that kernel, configuration or a filter may refuse."""

from __future__ import annotations

import ctypes
import dataclasses
import errno
import mmap
import os
import signal
import struct
import time
from typing import TYPE_CHECKING

from mvx.doctor import children
from mvx.doctor.finding import CONTAINER_FIX, Finding
from mvx.options import capable

if TYPE_CHECKING:
    from collections.abc import Callable

PTRACE_POKEDATA, PTRACE_POKEUSER, PTRACE_CONT, PTRACE_INTERRUPT = 5, 6, 7, 0x4207
PTRACE_EVENT_SECCOMP = 7
DEBUG_REGISTERS = 848  # offsetof(struct user, u_debugreg)
RAX, ORIG_RAX = 10, 15  # places in struct user_regs_struct
PR_SET_TSC, PR_SET_NO_NEW_PRIVS = 26, 38
PR_TSC_ENABLE, PR_TSC_SIGSEGV = 1, 2
TSC_ROUNDS, TSC_REPEATED = 20, 10
ARCH_SET_CPUID = 0x1012
SECCOMP_SET_MODE_FILTER, SECCOMP_RET_TRACE, SECCOMP_RET_ALLOW = 1, 0x7FF00000, 0x7FFF0000
CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWPID = 0x20000, 0x10000000, 0x20000000
MS_REC_PRIVATE = 0x4000 | 0x40000
F_ADD_SEALS, SEALS = 1033, 0x1 | 0x2 | 0x4  # SEAL, SHRINK, GROW
CAP_SYS_ADMIN = 21
TID_WANTED = 4321
SYSCALL_INSTRUCTION = b"\x0f\x05"


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
            return Finding(
                self.name, "ok", children.in_child(self.run), self.with_it, needed=self.needed
            )
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


def try_ptrace() -> str:
    """Seize and stop a child, change its registers and its code."""
    page = children.code_page()
    with children.traced(children.sleep_forever) as child:
        children.call("ptrace", PTRACE_INTERRUPT, child, 0, 0)
        os.waitpid(child, 0)
        children.registers(child, {})
        children.call(
            "ptrace", PTRACE_POKEDATA, child, page, int.from_bytes(SYSCALL_INSTRUCTION, "little")
        )
    return "seized, stopped and changed a child"


def try_breakpoints() -> str:
    """Set a hardware breakpoint in a child."""
    page = children.code_page()
    with children.traced(children.sleep_forever) as child:
        children.call("ptrace", PTRACE_INTERRUPT, child, 0, 0)
        os.waitpid(child, 0)
        children.call("ptrace", PTRACE_POKEUSER, child, DEBUG_REGISTERS, page)
        children.call("ptrace", PTRACE_POKEUSER, child, DEBUG_REGISTERS + 8 * 7, 1)
    return "set one in a child"


def try_seccomp() -> str:
    """Skip a child's system call at a RET_TRACE stop and put in a result."""

    def body() -> int:
        program = b"".join(
            struct.pack("<HBBI", *instruction)
            for instruction in (
                (0x20, 0, 0, 0),  # load the call's number
                (0x15, 0, 1, children.NUMBERS["getppid"]),
                (0x06, 0, 0, SECCOMP_RET_TRACE),
                (0x06, 0, 0, SECCOMP_RET_ALLOW),
            )
        )
        code = ctypes.create_string_buffer(program)
        header = (ctypes.c_ulong * 2)(len(program) // 8, ctypes.addressof(code))
        if not capable(CAP_SYS_ADMIN):
            children.call("prctl", PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        children.call("seccomp", SECCOMP_SET_MODE_FILTER, 0, ctypes.addressof(header))
        return 0 if children.call("getppid") == TID_WANTED else errno.EINVAL

    with children.traced(body) as child:
        status = os.waitpid(child, 0)[1]
        if os.WIFEXITED(status):
            raise OSError(os.WEXITSTATUS(status), os.strerror(os.WEXITSTATUS(status)), "seccomp")
        if status >> 8 != signal.SIGTRAP | PTRACE_EVENT_SECCOMP << 8:
            children.fail("seccomp", f"no RET_TRACE stop (wait status {status:#x})")
        children.registers(child, {ORIG_RAX: -1, RAX: TID_WANTED})
        children.call("ptrace", PTRACE_CONT, child, 0, 0)
        if os.waitpid(child, 0)[1] != 0:
            children.fail("seccomp", "the call was not skipped")
    return "RET_TRACE stopped a call, and it was skipped"


def enter_namespaces() -> None:
    """Make the namespaces of a follower; the next child is their first process."""
    flags = CLONE_NEWPID | CLONE_NEWNS
    if capable(CAP_SYS_ADMIN):
        children.call("unshare", flags)
        return
    user, group = os.geteuid(), os.getegid()
    children.call("unshare", flags | CLONE_NEWUSER)
    for file, text in (("setgroups", "deny"), ("uid_map", user), ("gid_map", group)):
        content = text if isinstance(text, str) else f"{text} {text} 1"
        with open(f"/proc/self/{file}", "w", encoding="ascii") as stream:
            stream.write(content)


def try_user_namespace() -> str:
    """Become somebody in a new user namespace."""
    children.call("unshare", CLONE_NEWUSER)
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
        child = children.call("clone3", ctypes.addressof(arguments), ctypes.sizeof(arguments))
        if child == 0:
            os._exit(0 if os.getpid() == TID_WANTED else 1)
        if child != TID_WANTED or os.waitpid(child, 0)[1] != 0:
            children.fail("clone3", f"gave {child} instead of {TID_WANTED}")
        return f"clone3 gave the process number {TID_WANTED} that was asked for"

    enter_namespaces()
    return children.in_child(body)


def try_mount_proc() -> str:
    """Mount the /proc of a new PID namespace."""

    def body() -> str:
        root, kind, place = (ctypes.create_string_buffer(t) for t in (b"/", b"proc", b"/proc"))
        children.call("mount", 0, ctypes.addressof(root), 0, MS_REC_PRIVATE, 0)
        name = ctypes.addressof(kind)
        children.call("mount", name, ctypes.addressof(place), name, 0, 0)
        return (
            "mounted one"
            if os.readlink("/proc/self") == "1"
            else children.fail("/proc", "is the old one")
        )

    enter_namespaces()
    return children.in_child(body)


def try_cpuid() -> str:
    """Let the cpuid instruction fault."""
    children.call("arch_prctl", ARCH_SET_CPUID, 0)
    return "the cpuid instruction can be made to fault"


def try_tsc() -> str:
    """Let the rdtsc instruction fault (and no longer: clock_gettime uses it too), and tell what
    that takes: the kernel does the same when it switches between a variant and another task.
    """

    def time_us(*settings: int) -> float:
        """The shortest of some rounds: what one call takes."""
        taken = []
        for _ in range(TSC_ROUNDS):
            start = time.perf_counter()
            for setting in settings * TSC_REPEATED:
                children.call("prctl", PR_SET_TSC, setting, 0, 0, 0)
            taken.append(time.perf_counter() - start)
        return min(taken) * 1e6 / TSC_REPEATED / len(settings)

    change_us = time_us(PR_TSC_SIGSEGV, PR_TSC_ENABLE) - time_us(PR_TSC_ENABLE, PR_TSC_ENABLE)
    return f"rdtsc can be made to fault; switching that takes {max(change_us, 0.0):.1f} µs"


def try_mseal() -> str:
    """Seal a page and fail to unmap it."""
    page = children.code_page()
    children.call("mseal", page, mmap.PAGESIZE, 0)
    try:
        children.call("munmap", page, mmap.PAGESIZE)
    except PermissionError:
        return "a sealed page cannot be unmapped"
    return children.fail("mseal", "a sealed page was unmapped")


def try_memfd() -> str:
    """Map a sealed memfd read-only so that it cannot become writable, and executable."""
    file = os.memfd_create("mvx-doctor", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    os.ftruncate(file, mmap.PAGESIZE)
    children.libc.fcntl(file, F_ADD_SEALS, SEALS)
    reopened = os.open(f"/proc/self/fd/{file}", os.O_RDONLY | os.O_CLOEXEC)
    size, shared = mmap.PAGESIZE, mmap.MAP_SHARED
    children.call("mmap", 0, size, mmap.PROT_READ | mmap.PROT_EXEC, shared, reopened, 0)
    page = children.call("mmap", 0, size, mmap.PROT_READ, shared, reopened, 0)
    try:
        os.ftruncate(file, 0)
    except PermissionError:
        pass
    else:
        children.fail("memfd", "a sealed file was shortened")
    try:
        children.call("mprotect", page, size, mmap.PROT_READ | mmap.PROT_WRITE)
    except PermissionError:
        return "sealed; a read-only mapping stays read-only"
    return children.fail("memfd", "a read-only mapping became writable")


def try_proc_mem() -> str:
    """Write into a traced child's code through /proc/PID/mem."""
    page = children.code_page()
    with children.traced(children.sleep_forever) as child:
        children.call("ptrace", PTRACE_INTERRUPT, child, 0, 0)
        os.waitpid(child, 0)
        file = os.open(f"/proc/{child}/mem", os.O_RDWR | os.O_CLOEXEC)
        try:
            os.pwrite(file, SYSCALL_INSTRUCTION, page)
        except OSError as error:
            raise OSError(error.errno, error.strerror, "/proc/PID/mem") from None
        if os.pread(file, 2, page) != SYSCALL_INSTRUCTION:
            children.fail("/proc/PID/mem", "the write did not arrive")
    return "wrote into a child's code"


def try_vm_writev() -> str:
    """Write into a child's memory with process_vm_writev."""
    buffer = ctypes.create_string_buffer(b"theirs")
    text = ctypes.create_string_buffer(b"ours  ")
    with children.traced(children.sleep_forever) as child:
        remote = (ctypes.c_ulong * 2)(ctypes.addressof(buffer), len(buffer))
        local = (ctypes.c_ulong * 2)(ctypes.addressof(text), len(text))
        vectors = (ctypes.addressof(local), 1, ctypes.addressof(remote), 1)
        if children.call("process_vm_writev", child, *vectors, 0) != len(text):
            children.fail("process_vm_writev", "wrote too little")
    return "wrote into a child's memory"


def try_pidfd_getfd() -> str:
    """Take a descriptor out of a child."""
    reader, _ = os.pipe()
    with children.traced(children.sleep_forever) as child:
        os.close(children.call("pidfd_getfd", os.pidfd_open(child), reader, 0))
    return "took a descriptor from a child"


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
        "RDRAND and RDSEED stay visible: they are replaced in code, but not with --no-patch",
        "a CPU that has it (Intel since Ivy Bridge), and a hypervisor that passes it on",
    ),
    Attempt(
        "TSC trap",
        try_tsc,
        "programs that make code, and read the time stamp counter there, read the same one in all"
        " variants; whenever one of them sleeps and wakes, that is switched twice (--rdtsc=known:"
        " not)",
        "programs that make code, and read the time stamp counter there, raise false alarms",
        CONTAINER_FIX,
    ),
    Attempt(
        "hardware breakpoints",
        try_breakpoints,
        "threads that compute are interrupted at the same instruction in all variants",
        "threads that compute are interrupted between the same calls, at different instructions:"
        " programs that show where raise false alarms",
        "a hypervisor that passes the debug registers on",
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
