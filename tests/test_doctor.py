"""The doctor: what it says about this machine, and about machines that lack something."""

from __future__ import annotations

import errno
import json
import os
import resource
import signal
import subprocess
import time
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

from mvx import doctor
from mvx.doctor import children, readings

if TYPE_CHECKING:
    from conftest import Unprivileged

# The doctor forks, and so do its tests; the workers of pytest-xdist have threads.
pytestmark = pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")


def examined(command: list[str], **options: Any) -> dict[str, Any]:
    result = subprocess.run(
        [*command, "doctor", "--json"],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        **options,
    )
    assert result.stderr == ""
    document: dict[str, Any] = json.loads(result.stdout)
    assert result.returncode == (0 if document["can_run"] else 125)
    for finding in document["findings"]:
        assert finding["state"] in {"ok", "limited", "missing"}
        assert finding["found"]
        assert finding["follows"]
        assert finding["state"] != "missing" or finding["needed"]
    return document


def states(document: dict[str, Any]) -> dict[str, str]:
    return {finding["name"]: finding["state"] for finding in document["findings"]}


def test_this_machine(mvx_command: list[str]) -> None:
    document = examined(mvx_command)
    assert document["can_run"], document  # or no other test can work
    assert len(document["findings"]) >= 20


def test_this_machine_unprivileged(unprivileged: Unprivileged) -> None:
    document = examined(unprivileged.command, **unprivileged.options)
    assert document["can_run"], document


def test_text_has_every_finding(mvx_command: list[str]) -> None:
    document = examined(mvx_command)
    result = subprocess.run(
        [*mvx_command, "doctor"], capture_output=True, text=True, check=True, timeout=120
    )
    lines = result.stdout.splitlines()
    for finding in document["findings"]:
        assert any(line.startswith(f"{finding['state']:7}  {finding['name']} ") for line in lines)
    assert lines[-1] == "mvx can run here."
    assert max(map(len, lines)) <= doctor.WRAP_COLUMNS


def test_without_user_namespaces(unprivileged: Unprivileged) -> None:
    # In a user namespace without a map of users, another one cannot be made.
    inside = ["unshare", "--user", *unprivileged.command]
    if subprocess.run(
        ["unshare", "--user", "true"], check=False, **unprivileged.options
    ).returncode:
        inside = unprivileged.command
    document = examined(inside, **unprivileged.options)
    assert states(document)["PID namespace, set_tid"] == "limited"
    assert document["can_run"]


PTRACED = {"hardware breakpoints", "/proc/PID/mem", "process_vm_writev", "pidfd_getfd"}


@pytest.mark.parametrize(
    ("calls", "limited", "missing"),
    [
        ({"ptrace"}, PTRACED, {"ptrace", "seccomp trap"}),
        ({"seccomp"}, set(), {"seccomp trap"}),
        ({"unshare"}, {"user namespace", "PID namespace, set_tid", "/proc in a namespace"}, set()),
        ({"clone3"}, {"PID namespace, set_tid"}, set()),
        ({"mount"}, {"/proc in a namespace"}, set()),
        ({"arch_prctl"}, {"CPUID faulting"}, set()),
        ({"mseal"}, {"mseal"}, set()),
        ({"pidfd_getfd"}, {"pidfd_getfd"}, set()),
        ({"process_vm_writev"}, {"process_vm_writev"}, set()),
    ],
)
def test_machine_that_refuses(
    monkeypatch: pytest.MonkeyPatch, calls: set[str], limited: set[str], missing: set[str]
) -> None:
    real = children.call

    def call(name: str, *arguments: int) -> int:
        if name in calls:
            raise OSError(errno.EPERM, os.strerror(errno.EPERM), name)
        return real(name, *arguments)

    before = {finding.name: finding.state for finding in doctor.examine()}
    monkeypatch.setattr(children, "call", call)
    findings = doctor.examine()
    changed = {finding for finding in findings if finding.state != before[finding.name]}
    lacking = {name for name, state in before.items() if state == "limited"}
    assert {f.name for f in changed if f.state == "missing"} == missing
    assert {f.name for f in changed if f.state == "limited"} == limited - lacking
    for finding in findings:
        if finding.name in limited | missing:
            assert finding.found == f"{next(iter(calls))}: Operation not permitted"
            assert finding.fix
    assert doctor.can_run(findings) == (not missing)
    text = doctor.render(findings, as_json=False)
    assert text.endswith("mvx can run here.") == (not missing)
    assert not missing or "mvx cannot run here" in text


def test_other_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for release, machine, state in (
        ("6.18.44", "x86_64", "ok"),
        ("4.19.0-27-amd64", "x86_64", "limited"),
        ("6.18.44", "aarch64", "missing"),
    ):
        system = os.uname_result(("Linux", "host", release, "#1", machine))
        monkeypatch.setattr(readings.os, "uname", lambda system=system: system)
        assert readings.kernel().state == state


@pytest.mark.parametrize(
    ("scope", "capable", "state"),
    [
        ("", False, "ok"),
        ("0", False, "ok"),
        ("1", False, "ok"),
        ("2", True, "ok"),
        ("2", False, "missing"),
        ("3", True, "missing"),
    ],
)
def test_ptrace_scope(
    monkeypatch: pytest.MonkeyPatch, scope: str, capable: bool, state: str
) -> None:
    monkeypatch.setattr(readings, "content_of", lambda _: scope)
    monkeypatch.setattr(readings, "capable", lambda _: capable)
    finding = readings.ptrace_scope()
    assert finding.state == state
    assert bool(finding.fix) == (state == "missing")


def test_outer_filter(monkeypatch: pytest.MonkeyPatch) -> None:
    for status, words in (
        ({"Seccomp": "0", "Seccomp_filters": "0", "NoNewPrivs": "0"}, "no seccomp filter,"),
        ({"Seccomp": "2", "Seccomp_filters": "2", "NoNewPrivs": "1"}, "2 seccomp filters,"),
        ({"Seccomp": "2"}, "1 seccomp filter,"),
    ):
        monkeypatch.setattr(readings, "own_status", lambda status=status: status)
        finding = readings.confinement()
        assert words in finding.found
        assert (finding.state == "ok") == (status["Seccomp"] == "0")


def test_memory_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    files = {
        "/proc/self/cgroup": "4:memory:/a/b\n1:cpu:/a\n0::/c/d",
        "/sys/fs/cgroup/memory/a/memory.limit_in_bytes": str(512 << 20),
        "/sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712",
        "/sys/fs/cgroup/c/d/memory.max": "max",
        "/sys/fs/cgroup/c/memory.max": str(256 << 20),
    }
    monkeypatch.setattr(readings, "content_of", lambda file: files.get(file, ""))
    assert sorted(readings.cgroup_limits()) == [256 << 20, 512 << 20]
    assert "control group 256 MiB" in readings.memory_limits().found
    monkeypatch.setattr(readings.resource, "getrlimit", lambda _: (1 << 30, 1 << 30))
    finding = readings.memory_limits()
    assert finding.state == "limited"
    assert "RLIMIT_AS 1024 MiB" in finding.found
    assert resource.RLIM_INFINITY < 0  # which the doctor rests on


def test_overcommit(monkeypatch: pytest.MonkeyPatch) -> None:
    for mode, state in (("0", "ok"), ("1", "ok"), ("2", "limited")):
        monkeypatch.setattr(readings, "content_of", lambda _, mode=mode: mode)
        assert readings.overcommit().state == state


# Children


def test_child_answers_or_raises() -> None:
    assert children.in_child(lambda: "yes") == "yes"
    with pytest.raises(FileNotFoundError) as caught:
        children.in_child(lambda: str(os.stat("/no/such")))
    assert caught.value.filename == "/no/such"


def test_child_that_dies() -> None:
    def die() -> str:
        os.kill(os.getpid(), signal.SIGUSR1)
        return ""

    with pytest.raises(ChildProcessError, match="ended by signal 10"):
        children.in_child(die)


def test_child_that_hangs_is_ended_with_its_children() -> None:
    reader, writer = os.pipe()

    def hang() -> NoReturn:
        os.fork()  # both hold the pipe open
        children.sleep_forever()

    start = time.monotonic()
    with pytest.raises(TimeoutError):
        children.in_child(hang, limit_s=0.3)
    os.close(writer)
    assert os.read(reader, 1) == b""
    os.close(reader)
    assert time.monotonic() - start < children.ATTEMPT_LIMIT_S
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def test_child_with_an_unexpected_error_does_not_run_on() -> None:
    with pytest.raises(ChildProcessError, match="ended without an answer"):
        children.in_child(lambda: str(1 // 0))
