"""A variant that is taken over completely and attacks the monitor itself (tests/hostile/*.c, one
action each).

Three ways: all variants do it, then the supervisor must neither hang nor fail, nor let something
happen that must not; only the leader does it, or only the follower, then it must end as a
divergence, unless the action is refused on the spot or touches nothing but the variant itself
(`HARMLESS`).

What is expected to be possible under `--verify=sensitive`, and shown here too: a variant that is
taken over completely issues plain effects (write, mkdir) straight from the untraced gate; nobody
has to agree. `--verify=effects` closes this. And a leader can always stop working, as any program
can: that is what `--timeout` is for.
"""

from __future__ import annotations

import os
import re
import shlex
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

import known_gaps
import pytest
from conftest import execute

if TYPE_CHECKING:
    from collections.abc import Callable

FOLDER = Path(__file__).parent / "hostile"
LIMIT_S = 20
TIMEOUT_S = 8
WATCHDOG_S = 2
FLAGS = ("-mfsgsbase",)
DIVERGENCE = 121
TIMEOUT = 124
FAILURE = 125

HARMLESS = {
    # what the filter or the supervisor refuses on the spot, without anybody else being concerned
    "entries/arch-prctl-gs": "EPERM",
    "entries/compatibility-mode": "ENOSYS",
    "entries/interrupt-at-gate": "ENOSYS",
    "entries/interrupt-creates": "ENOSYS",
    "entries/vsyscall-page": "served by the supervisor",
    "memory/attach-segment": "ENOMEM",
    "memory/normal-mapping": "ENOMEM",
    "memory/plain-mapping": "ENOMEM",
    "memory/traced-mapping": "ENOMEM",
    # what the untraced gates let through
    "gates/interruptible-effect": "see test_effects_straight_from_the_gate",
    "gates/plain-effect": "see test_effects_straight_from_the_gate",
    # what concerns nobody but the variant: the next call works with it or ends in a fault
    "lanes/block-huge": "by a follower: nobody reads its ring",
    "lanes/block-too-large": "same",
    "lanes/descriptor-huge": "same",
    "lanes/descriptor-kept-as-unknown": "same; by the leader: treated as unknown",
    "lanes/descriptor-of-output": "same",
    "lanes/message-torn": "same",
    "lanes/message-unknown": "same",
    "lanes/read-other-addresses": "reading is no divergence",
    "lanes/result-too-large": "same",
    "lanes/result-unknown-error": "same",
    "memory/advise-dontneed": "",
    "memory/advise-remove": "",
    "memory/scribble-agent-stack": "",
    "memory/scribble-descriptors": "",
    "memory/scribble-lane-header": "",
    "memory/scribble-own-lane": "",
    "memory/scribble-whole-arena": "",
    "memory/task-pending": "",
    "memory/task-pid": "",
    "memory/task-variants": "",
    "memory/task-watchdog": "",
}
"""Actions after which a lone variant may go on to the end, and be equal to the others there."""

AGREED = {"control/native-execve", "control/native-execve-swapped"}
"""Actions that are no escape when all variants take them: they ask for the same call, and it
happens.
"""


def actions() -> list[str]:
    found = []
    for source in sorted(FOLDER.glob("*.c")):
        names = re.findall(r'^    \{"([^"]+)", ', source.read_text(), re.MULTILINE)
        found += [f"{source.stem}/{name}" for name in names]
    return found


ACTIONS = actions()


def takers(action: str, matrix: str) -> list[str]:
    """Return who takes the action: the leader, and by turns all or a follower; or each of them."""
    other = ("all", "follower")[zlib.crc32(action.encode()) % 2]
    return ["all", "leader", "follower"] if matrix == "full" else ["leader", other]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "action" not in metafunc.fixturenames:
        return
    found = []
    for action in ACTIONS:
        for who in takers(action, metafunc.config.getoption("matrix")):
            cause = known_gaps.HOSTILE.get(f"{action}/{who}")
            expected = [pytest.mark.xfail(reason=cause, raises=AssertionError)] if cause else []
            found.append(pytest.param(action, who, id=f"{action}/{who}", marks=expected))
    metafunc.parametrize(("action", "who"), found)


def test_hostile_variant(
    action: str,
    who: str,
    compiled: Callable[..., Path],
    mvx_command: list[str],
    work_place: Path,
    remains: Callable[[], dict[int, str]],
) -> None:
    name, _, word = action.partition("/")
    program = compiled(FOLDER / f"{name}.c", *FLAGS)
    options = ["run", "-n", "2", f"--watchdog={WATCHDOG_S}", f"--timeout={TIMEOUT_S}", "--"]
    result = execute([*mvx_command, *options, str(program), word, who], work_place, LIMIT_S)
    again = f"cd {work_place} && {shlex.join(result.args)}\n{result.stderr}"
    assert "Traceback" not in result.stderr, again
    assert "MVX-E106" not in result.stderr, again
    assert result.returncode != FAILURE, again
    assert result.stdout.startswith("begin\n"), again
    if not (who == "all" and action in AGREED):
        escaped = work_place / "escaped"
        assert not os.path.lexists(escaped), f"{escaped.resolve()}\n{again}"
    assert result.returncode != TIMEOUT, again
    if who != "all" and (result.returncode or action not in HARMLESS):
        assert result.returncode == DIVERGENCE, again
        assert result.stderr, again
    assert not remains(), again


@pytest.mark.parametrize("verify", ["sensitive", "effects", "all"])
@pytest.mark.parametrize("who", ["leader", "follower"])
def test_effects_straight_from_the_gate(
    verify: str,
    who: str,
    compiled: Callable[..., Path],
    mvx_command: list[str],
    work_place: Path,
    request: pytest.FixtureRequest,
) -> None:
    if cause := known_gaps.HOSTILE.get(f"effects/{verify}/{who}"):
        request.applymarker(pytest.mark.xfail(reason=cause, raises=AssertionError))
    program = compiled(FOLDER / "gates.c", *FLAGS)
    options = ["run", "-n", "2", "--verify", verify, "--"]
    command = [*mvx_command, *options, str(program), "plain-effect", who]
    result = execute(command, work_place, LIMIT_S)
    effect = work_place / "unverified"
    if verify == "sensitive":  # the documented miss: it happens, and nobody notices
        assert result.returncode == 0
        assert effect.exists()
    else:
        assert result.returncode == DIVERGENCE
        assert not effect.exists()


NEVER_AT_THE_GATE = """
    execve execveat clone clone3 fork vfork ptrace process_vm_readv process_vm_writev
    process_madvise pidfd_getfd pidfd_send_signal kcmp prctl seccomp arch_prctl modify_ldt
    personality rseq mmap mprotect pkey_X kill tkill tgkill rt_sigqueueinfo rt_tgsigqueueinfo
    setitimer alarm timer_create timer_settime io_uring_setup io_uring_enter io_uring_register
    io_setup io_submit userfaultfd bpf perf_event_open setuid setgid setreuid setregid setresuid
    setresgid setfsuid setfsgid setgroups capset mount umount2 pivot_root chroot move_mount fsopen
    fsmount open_tree unshare setns add_key keyctl request_key init_module finit_module
    delete_module kexec_load kexec_file_load iopl ioperm shmat shmdt setrlimit sethostname
    setdomainname reboot swapon swapoff acct quotactl mseal memfd_secret process_mrelease
    landlock_restrict_self fanotify_init open_by_handle_at clock_settime settimeofday adjtimex
"""


@pytest.mark.parametrize("name", NEVER_AT_THE_GATE.split())
def test_call_never_passes_the_untraced_gate(name: str, request: pytest.FixtureRequest) -> None:
    from mvx import calls, specification

    if cause := known_gaps.HOSTILE.get(f"passes/{name}"):
        request.applymarker(pytest.mark.xfail(reason=cause, raises=AssertionError))
    passing = {specification.name(number) for number in calls.allowed_at_gate("sensitive")}
    assert name not in passing


def test_tables_name_what_exists() -> None:
    assert set(HARMLESS) | AGREED <= set(ACTIONS)
    extra = {"passes", "effects"}
    for name in known_gaps.HOSTILE:
        assert name.partition("/")[0] in extra or name.rpartition("/")[0] in ACTIONS
    assert len(ACTIONS) == len(set(ACTIONS)) > 100
