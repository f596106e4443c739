"""Threads of which only one runs at any time."""

import threading


def turn(mine: threading.Semaphore, other: threading.Semaphore, name: str) -> None:
    for n in range(20):
        mine.acquire()
        print(name, n, flush=True)
        other.release()


for number in range(10):
    thread = threading.Thread(target=print, args=("thread", number), kwargs={"flush": True})
    thread.start()
    thread.join()
one, other = threading.Semaphore(1), threading.Semaphore(0)
threads = [
    threading.Thread(target=turn, args=(one, other, "ping")),
    threading.Thread(target=turn, args=(other, one, "pong")),
]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
