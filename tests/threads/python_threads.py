"""Threads, locks, conditions, queues, events, timers, semaphores, barriers of Python."""

from __future__ import annotations

import queue
import sys
import threading
import time

sys.setswitchinterval(0.0005)
seen: list[str] = []
jobs: queue.Queue[int] = queue.Queue(maxsize=3)
lock = threading.Lock()
barrier = threading.Barrier(3)
event = threading.Event()
local = threading.local()
total = 0


def work(letter: str) -> None:
    global total  # noqa: PLW0603
    local.letter = letter
    barrier.wait()
    while (job := jobs.get()) >= 0:
        value = sum(range(job * 20))
        with lock:
            total += value
        seen.append(local.letter)
        jobs.task_done()
    jobs.task_done()
    event.wait(5)
    seen.append(letter.upper())


threads = [threading.Thread(target=work, args=(letter,)) for letter in "abc"]
for thread in threads:
    thread.start()
for number in range(60):
    jobs.put(number)
for _ in threads:
    jobs.put(-1)
jobs.join()
timer = threading.Timer(0.002, event.set)
timer.start()
for thread in threads:
    thread.join()
assert total == sum(sum(range(number * 20)) for number in range(60))
assert len(seen) == 63
started = time.monotonic()
assert not threading.Event().wait(0.003)
assert time.monotonic() - started >= 0.003
print("".join(seen))
