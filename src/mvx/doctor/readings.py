"""What is read where the kernel says it."""

from __future__ import annotations

import os
import re
import resource
from typing import TYPE_CHECKING

from mvx import memory, waiting
from mvx.doctor.finding import CONTAINER_FIX, Finding
from mvx.options import CAP_SYS_PTRACE, capable, own_status

if TYPE_CHECKING:
    from collections.abc import Iterator

KERNEL_OLDEST = (5, 10)
MEBIBYTE = 1 << 20


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
