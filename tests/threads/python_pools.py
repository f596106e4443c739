"""Pools of threads and processes, asyncio with threads, a thread that runs programs."""

from __future__ import annotations

import asyncio
import concurrent.futures
import subprocess
import threading

seen: list[str] = []


def square(number: int) -> int:
    seen.append(threading.current_thread().name[-1])
    return number * number


def fork_square(number: int) -> int:
    return number * number


def run(number: int) -> str:
    words = ["sh", "-c", f"echo {number}"]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout


async def gather() -> list[int]:
    return await asyncio.gather(*(asyncio.to_thread(square, number) for number in range(10)))


with concurrent.futures.ThreadPoolExecutor(3) as pool:
    assert list(pool.map(square, range(50))) == [number * number for number in range(50)]
    futures = [pool.submit(run, number) for number in range(5)]
    finished = [future.result().strip() for future in concurrent.futures.as_completed(futures)]
    assert sorted(finished) == list("01234")
assert asyncio.run(gather()) == [number * number for number in range(10)]
print("".join(seen), *finished)
