"""Handlers while it computes, timers of asyncio, subprocesses that end meanwhile."""

import asyncio
import hashlib
import os
import signal
import subprocess
import sys

counted = 0


def count(number: int, frame: object) -> None:  # noqa: ARG001 - what signal.signal wants
    global counted  # noqa: PLW0603
    counted += 1


signal.signal(signal.SIGALRM, count)
signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
digest = hashlib.sha256()
for _ in range(400000):
    digest.update(b"x" * 64)
signal.setitimer(signal.ITIMER_REAL, 0)
print(digest.hexdigest())


async def ticks(seconds: float, times: int) -> int:
    for _ in range(times):
        await asyncio.sleep(seconds)
    return times


async def run(*words: str) -> tuple[str, int | None]:
    process = await asyncio.create_subprocess_exec(*words, stdout=asyncio.subprocess.PIPE)
    output, _ = await process.communicate()
    return output.decode().strip(), process.returncode


async def main() -> None:
    loop = asyncio.get_running_loop()
    came = asyncio.Event()
    loop.add_signal_handler(signal.SIGUSR1, came.set)
    for _ in range(10):
        loop.call_later(0.002, os.kill, os.getpid(), signal.SIGUSR1)
        await asyncio.wait_for(came.wait(), 20)
        came.clear()
    results = await asyncio.gather(
        ticks(0.001, 100),
        ticks(0.003, 30),
        *(run("sh", "-c", f"echo {i}; exit {i}") for i in range(6)),
    )
    print(results)


asyncio.run(main())
signal.setitimer(signal.ITIMER_REAL, 0.002, 0.002)
for number in range(8):
    done = subprocess.run(
        [sys.executable, "-S", "-c", f"print({number})"],
        check=False,
        capture_output=True,
        text=True,
    )
    print(done.stdout.strip(), done.returncode)
signal.setitimer(signal.ITIMER_REAL, 0)
