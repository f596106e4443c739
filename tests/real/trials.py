"""Run a workload in its folder, natively or under mvx, and say what it showed and left.

Every trial of a workload runs in a folder of the same path, so that paths in output and files are
equal too.
"""

from __future__ import annotations

import contextlib
import dataclasses
import fnmatch
import hashlib
import os
import random
import shlex
import shutil
import signal
import socket
import stat
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from real.workloads import Workload

HERE = Path(__file__).parent
# Below those that the kernel gives away by itself (32768 and above).
PORTS = range(20001, 32000)
PREPARE_LIMIT_S = 120
GRACE_S = 3.0
SHOWN_CHARACTERS = 4000


@dataclasses.dataclass(frozen=True)
class Shown:
    """What a trial under mvx has to have in common with the native one."""

    output: bytes
    errors: bytes
    status: int
    files: dict[str, str]

    def differences(self, native: Shown) -> list[str]:
        """Describe each difference to the native trial."""
        found = [
            f"{name}: {_text(getattr(self, name))}\n  natively: {_text(getattr(native, name))}"
            for name in ("status", "output", "errors")
            if getattr(self, name) != getattr(native, name)
        ]
        for path in sorted(self.files.keys() | native.files.keys()):
            own, other = self.files.get(path, "absent"), native.files.get(path, "absent")
            if own != other:
                found.append(f"file {path}: {own}\n  natively: {other}")
        return found


class Ground:
    """The folder of one workload: prepared once, then a fresh copy for each trial."""

    def __init__(
        self,
        workload: Workload,
        folder: Path,
        user: int | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Prepare the folder, which must exist and be open to the user who shall run it.

        `environment` is what mvx needs besides PATH.
        """
        self.workload = workload
        self.folder = folder
        self.work = folder / "work"
        self._script = folder / "scripts" / f"{workload.script or workload.name}.sh"
        self._environment = dict(environment or {})
        self._user: dict[str, Any] = {}
        if user is not None:
            self._user = {"user": user, "group": user, "extra_groups": []}
        prepared = folder / "prepared"
        prepared.mkdir()
        shutil.copytree(HERE / "scripts", folder / "scripts")
        for name in workload.inputs:
            shutil.copyfile(HERE / "inputs" / name, prepared / name)
        if user is not None:
            for path in (folder, prepared, *prepared.iterdir()):
                os.chown(path, user, user)
        for name in workload.prepare:
            subprocess.run(
                ["bash", "-e", HERE / "prepare" / f"{name}.sh"],
                cwd=prepared,
                env=self._variables(()),
                timeout=PREPARE_LIMIT_S,
                check=True,
                **self._user,
            )

    def trial(self, mvx: Sequence[str] = ()) -> Shown:
        """Run the script, under mvx where its command is given.

        What it leaves stays until the next trial.
        """
        subprocess.run(["rm", "-rf", self.work, self.folder / "cache"], check=True)
        # What mvx keeps from run to run goes there, and is not seen among the program's files.
        (self.folder / "cache").mkdir()
        (self.folder / "cache").chmod(0o777)
        subprocess.run(["cp", "-a", self.folder / "prepared", self.work], check=True)
        output, errors = self.folder / "output", self.folder / "errors"
        with open(output, "wb") as output_file, open(errors, "wb") as errors_file:
            process = subprocess.Popen(
                self._command(mvx),
                cwd=self.work,
                env=self._variables(mvx),
                stdin=subprocess.DEVNULL,
                stdout=output_file,
                stderr=errors_file,
                start_new_session=True,
                **self._user,
            )
            late = False
            try:
                process.wait(self.workload.limit_s)
            except subprocess.TimeoutExpired:
                late = True
            left = end_session(process.pid, GRACE_S * (not late))
            status = process.wait()
        if late or left:
            what = f"not done after {self.workload.limit_s} s" if late else "processes left behind"
            message = f"{what}: {left}\n{_text(errors.read_bytes())}\n{self.again(mvx)}"
            raise AssertionError(message)
        files = listing(self.work, self.workload.varying)
        return Shown(output.read_bytes(), errors.read_bytes(), status, files)

    def again(self, mvx: Sequence[str]) -> str:
        """Return a shell command that repeats a trial."""
        shown = (
            "HOME",
            "XDG_CACHE_HOME",
            "LANG",
            "TZ",
            "MVX",
            "PORT",
            "PORT2",
            *self.workload.settings,
        )
        variables = self._variables(mvx)
        words = [f"{name}={variables[name]}" for name in shown]
        return (
            f"again: cd {self.folder} && rm -rf work && cp -a prepared work && cd work && "
            f"env {shlex.join(words)} {shlex.join(self._command(mvx))}"
        )

    def _command(self, mvx: Sequence[str]) -> list[str]:
        command = [*self.workload.shell.split(), str(self._script)]
        return command if self.workload.parts else [*mvx, *command]

    def _variables(self, mvx: Sequence[str]) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if k.startswith(("MVX_", "PYTHON"))}
        first = free_port()
        own = {
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": str(self.work),
            "XDG_CACHE_HOME": str(self.folder / "cache"),
            "LANG": "C.UTF-8",
            "TZ": "UTC",
            "MVX": shlex.join(mvx) if self.workload.parts else "",
            "PORT": str(first),
            "PORT2": str(free_port(first)),
        }
        return kept | self._environment | own | self.workload.settings


def free_port(but: int = 0) -> int:
    """Return a port of 127.0.0.1 on which nobody listens."""
    while True:
        port = random.choice(PORTS)
        with contextlib.suppress(OSError), socket.socket() as attempt:
            attempt.bind(("127.0.0.1", port))
            if port != but:
                return port


def end_session(leader: int, grace_s: float) -> dict[int, str]:
    """Wait for the end of all processes of a session, then kill those left and return them."""
    end = time.monotonic() + grace_s
    while (found := session(leader)) and time.monotonic() < end:
        time.sleep(0.02)
    for number in found:
        with contextlib.suppress(ProcessLookupError):
            os.kill(number, signal.SIGKILL)
    return found


def session(leader: int) -> dict[int, str]:
    """Return the living processes of a session, by number, with their command."""
    found = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            with contextlib.suppress(OSError):  # gone meanwhile
                words = Path(f"/proc/{entry}/stat").read_text().rpartition(")")[2].split()
                if int(words[3]) == leader and words[0] not in "ZX":
                    command = Path(f"/proc/{entry}/cmdline").read_bytes().replace(b"\0", b" ")
                    found[int(entry)] = command.decode(errors="replace")
    return found


def listing(folder: Path, varying: Sequence[str]) -> dict[str, str]:
    """Describe every file below a folder: rights, and content unless that varies natively."""
    found = {}
    for path in folder.rglob("*"):
        name = str(path.relative_to(folder))
        status = path.lstat()
        words = [stat.filemode(status.st_mode)]
        if stat.S_ISLNK(status.st_mode):
            words.append(f"-> {os.readlink(path)}")
        elif stat.S_ISREG(status.st_mode) and not any(fnmatch.fnmatch(name, x) for x in varying):
            content = path.read_bytes()
            words += [str(len(content)), hashlib.sha256(content).hexdigest()[:16]]
        found[name] = " ".join(words)
    return found


def _text(value: object) -> str:
    text = value.decode(errors="backslashreplace") if isinstance(value, bytes) else str(value)
    if len(text) > SHOWN_CHARACTERS:
        text = f"{text[: SHOWN_CHARACTERS // 2]}\n[…]\n{text[-SHOWN_CHARACTERS // 2 :]}"
    return text
