"""A short load of real servers (load.py): no false alarm, and the answers are those of the native
server. The long one is `python tests/load.py`.
"""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

LOAD = Path(__file__).parent / "load.py"
MINUTES = "0.15"


@pytest.mark.parametrize("server", ["nginx", "redis"])
def test_short_load(server: str, mvx_command: list[str]) -> None:
    assert shutil.which("nginx" if server == "nginx" else "redis-server")
    command = [sys.executable, LOAD, server, "--minutes", MINUTES]
    ran = subprocess.run(
        [*command, "--mvx", shlex.join([*mvx_command, "run"])],
        check=False,
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert int(ran.stdout.split(server, 1)[1].split()[1]) > 0
